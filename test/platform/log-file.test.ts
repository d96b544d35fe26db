import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import winston from 'winston'
import { LogLines } from '../../src/console/logs/log-lines.ts'
import { type Log, openLog } from '../../src/platform/log.ts'
import { LogFile } from '../../src/platform/log-file.ts'
import { tempFolder } from '../support/temp-folder.ts'

const LINES = 60_000
const MAX_BYTES = 500_000
const FILES = 40

/** Logs numbered lines in bursts, as a busy intake does. */
async function logBursts(log: Log): Promise<void> {
  for (let number = 0; number < LINES; number++) {
    log.info('instance accepted', { number, pad: 'x'.repeat(60) })
    if (number % 500 === 0) await setImmediate()
  }
}

const numbersIn = (lines: Iterable<string>): number[] =>
  Array.from(lines, (line) => Number((JSON.parse(line) as { number: unknown }).number))

function numbersOf(folder: string): number[] {
  const texts = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
  return numbersIn(texts.flatMap((text) => text.split('\n').filter((line) => line !== '')))
}

test('60,000 lines in bursts over many rotations are all in the files, each once and in order', async () => {
  using folder = tempFolder()
  const file = new LogFile({
    folder: folder.join('log'),
    name: 'ferry.log',
    maxBytes: MAX_BYTES,
    files: FILES,
  })
  using reader = new LogLines(folder.join('log/ferry.log'))
  await logBursts(openLog('info', file))
  file.destroy()
  const names = readdirSync(folder.join('log'))
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name) => statSync(folder.join('log', name)).size > MAX_BYTES)).toEqual([])
  expect(new Set(numbersOf(folder.join('log'))).size).toBe(LINES)
  expect(numbersIn(reader.read())).toEqual(Array.from({ length: LINES }, (_, number) => number))
}, 60_000)

test("the control: the same lines through winston's own rotation are not all in its files", async () => {
  using folder = tempFolder()
  const transport = new winston.transports.File({
    dirname: folder.path,
    filename: 'own.log',
    maxsize: MAX_BYTES,
    maxFiles: FILES,
    tailable: true,
  })
  const log = winston.createLogger({ format: winston.format.json(), transports: [transport] })
  await logBursts(log)
  const finished = new Promise((resolve) => transport.once('finish', resolve))
  log.end()
  await finished
  expect(new Set(numbersOf(folder.path)).size).toBeLessThan(LINES)
}, 60_000)

const line = (text: string): string => `${JSON.stringify({ text })}\n`

test('only the given number of files is kept, the newest', () => {
  using folder = tempFolder()
  const file = new LogFile({ folder: folder.path, name: 'a.log', maxBytes: 20, files: 3 })
  for (const text of ['1', '2', '3', '4', '5', '6', '7']) file.write(line(text))
  file.destroy()
  expect(readdirSync(folder.path).toSorted()).toEqual(['a.log', 'a.log.1', 'a.log.2'])
  expect(readFileSync(folder.join('a.log'), 'utf8')).toBe(line('7'))
  expect(readFileSync(folder.join('a.log.2'), 'utf8')).toBe(line('5'))
})

test('a log file that was moved away or removed is made again, and no line is lost', () => {
  using folder = tempFolder()
  const file = new LogFile({ folder: folder.path, name: 'a.log', maxBytes: 1000, files: 3 })
  file.write(line('1'))
  renameSync(folder.join('a.log'), folder.join('taken'))
  file.write(line('2'))
  rmSync(folder.join('a.log'))
  file.write(line('3'))
  file.destroy()
  expect(readFileSync(folder.join('taken'), 'utf8')).toBe(line('1'))
  expect(readFileSync(folder.join('a.log'), 'utf8')).toBe(line('3'))
})

test('a line that a power cut has torn does not swallow the next one', () => {
  using folder = tempFolder()
  writeFileSync(folder.join('a.log'), '{"torn')
  const file = new LogFile({ folder: folder.path, name: 'a.log', maxBytes: 1000, files: 3 })
  file.write(line('1'))
  file.destroy()
  expect(readFileSync(folder.join('a.log'), 'utf8')).toBe(`{"torn\n${line('1')}`)
})

test('an earlier file that cannot be moved makes the present one longer, and costs no line', () => {
  using folder = tempFolder()
  mkdirSync(folder.join('a.log.2'))
  appendFileSync(folder.join('a.log.1'), line('0'))
  const file = new LogFile({ folder: folder.path, name: 'a.log', maxBytes: 20, files: 3 })
  for (const text of ['1', '2', '3', '4']) file.write(line(text))
  file.destroy()
  const left = ['a.log.1', 'a.log'].map((name) => readFileSync(folder.join(name), 'utf8')).join('')
  expect(left).toBe(['0', '1', '2', '3', '4'].map(line).join(''))
})

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
;(isRoot ? describe : describe.skip)(isRoot ? 'a full disk' : 'a full disk (needs root)', () => {
  test('costs lines, which are counted, and logging goes on', () => {
    using folder = tempFolder()
    mkdirSync(folder.join('small'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.join('small')])
    try {
      const file = new LogFile({ folder: folder.join('small'), name: 'a.log', maxBytes: 1e6, files: 2 })
      file.write(line('first'))
      writeFileSync(folder.join('small/other'), Buffer.alloc(48_000))
      const long = line('x'.repeat(5000))
      for (let i = 0; i < 10; i++) file.write(long)
      rmSync(folder.join('small/other'))
      file.write(line('last'))
      file.destroy()
      const lines = readFileSync(folder.join('small/a.log'), 'utf8').trimEnd().split('\n')
      const said = lines.map((one) => JSON.parse(one) as { message?: string; count?: number })
      const dropped = said.find(({ message }) => message === 'log lines dropped')?.count ?? 0
      expect(dropped).toBeGreaterThan(0)
      expect(lines.filter((one) => `${one}\n` === long)).toHaveLength(10 - dropped)
      expect(lines.at(-1)).toBe(line('last').trimEnd())
    } finally {
      execFileSync('umount', [folder.join('small')])
    }
  })
})

test('a reader that follows sees every line, also over several rotations between two looks', () => {
  using folder = tempFolder()
  const file = new LogFile({ folder: folder.path, name: 'a.log', maxBytes: 100, files: 50 })
  using reader = new LogLines(folder.join('a.log'))
  const seen: string[] = []
  for (let number = 0; number < 300; number++) {
    file.write(line(`${number}`))
    if (number % 37 === 0) seen.push(...reader.read())
  }
  seen.push(...reader.read())
  file.destroy()
  expect(seen).toEqual(Array.from({ length: 300 }, (_, number) => line(`${number}`).trimEnd()))
})
