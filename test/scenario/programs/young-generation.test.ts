import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { tempFolder } from '../../support/temp-folder.ts'

/** Says at the end how large the young generation is. */
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { getHeapSpaceStatistics } from 'node:v8'
  const size = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size
  process.on('exit', () => process.stderr.write('young ' + size()))
`)}`

const MIB = 1024 * 1024

async function youngBytesAtEnd(name: string, ...args: string[]): Promise<number> {
  using folder = tempFolder()
  const child = spawn(process.execPath, ['--import', HOOK, resolve(`bin/${name}.js`), ...args], {
    cwd: folder.path,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const [err] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return Number(/young (\d+)$/.exec(err)?.[1])
}

test.each(['ferry', 'ferry-center'])(
  'the young generation of %s run keeps its first size while the program is loaded',
  async (name) => {
    expect(await youngBytesAtEnd(name, 'run', '--help')).toBeLessThanOrEqual(2 * MIB)
    // The control: a command that is over soon lets it grow.
    expect(await youngBytesAtEnd(name, '--help')).toBeGreaterThan(2 * MIB)
  },
)
