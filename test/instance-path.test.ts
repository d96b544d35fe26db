import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { readImports } from '../build/import-graph.ts'
import { readWalk, type Step } from './support/instance-walk.ts'

const textOf = (file: string): string => readFileSync(`src/${file}`, 'utf8')
const imports = readImports('src')
const isImported = (by: string, target: string): boolean =>
  imports.some((one) => one.file === by && one.target === target)

/** Returns the files of the walk that no file before them leads to. */
function unreachable(steps: readonly Step[]): string[] {
  return steps
    .filter(({ file, entry }, i) => {
      const before = steps.slice(0, i).map((step) => step.file)
      if (i === 0 || entry?.how === 'by') return false
      if (entry === undefined) return !before.some((one) => isImported(one, file))
      const { how, name } = entry
      const declaring = imports
        .filter((one) => before.includes(one.file))
        .map(({ target }) => target)
        .concat(before)
        .filter((target) => existsSync(`src/${target}`))
        .filter((target) => textOf(target).includes(`export interface ${name} `))
      if (how === 'as')
        return declaring.length === 0 || !new RegExp(`implements[^{]*\\b${name}\\b`).test(textOf(file))
      return !declaring.some((holder) => isImported(holder, file))
    })
    .map(({ file }) => file)
}

const { toSuccess, toReceipt } = readWalk()
const walk = [...toSuccess, ...toReceipt]

test('the walk of an instance names fewer than 45 files to Success and fewer than 85 to the receipt', () => {
  expect(toSuccess.length).toBeGreaterThan(30)
  expect(toSuccess.length).toBeLessThan(45)
  expect(walk.length).toBeGreaterThan(60)
  expect(walk.length).toBeLessThan(85)
})

test('every file of the walk exists, is named once, and has its number', () => {
  expect(walk.filter(({ file }) => !existsSync(`src/${file}`))).toEqual([])
  expect(new Set(walk.map(({ file }) => file)).size).toBe(walk.length)
  const page = readFileSync('docs/architecture.md', 'utf8')
  expect(walk.filter(({ file }, i) => !page.includes(`\n${i + 1}. \`${file}\``))).toEqual([])
})

test('every file of the walk is imported by one before it, or entered by an interface that one before it knows', () => {
  expect(unreachable(walk)).toEqual([])
})

test('a file that no file of the walk leads to is found, and so is a wrong interface', () => {
  const [first] = walk
  const strangers: Step[] = [
    { file: 'dicomweb/stow-client.ts', entry: undefined },
    { file: 'agent/intake/intake.ts', entry: { how: 'as', name: 'Destination' } },
    { file: 'agent/intake/intake.ts', entry: { how: 'of', name: 'Queue' } },
  ]
  for (const stranger of strangers) expect(unreachable([first as Step, stranger])).toEqual([stranger.file])
})
