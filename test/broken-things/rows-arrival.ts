import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { part10File } from '../support/instances/part10-file.ts'
import { AGENT_STATUS, type BrokenThing } from './broken-thing.ts'
import type { Pair } from './pair.ts'

/** A pair whose agent watches the folder `endo`, in which there is one image. */
async function watching(pair: Pair): Promise<void> {
  mkdirSync(pair.path('endo'))
  pair.edit('ferry.yaml', {
    '\nfolders:\n': '\nfolders:\n  - {path: endo, name: endo, device: CT1, still: 1s}\n',
  })
  writeFileSync(pair.path('endo', 'one.dcm'), part10File(inventedInstance(1000)))
  await pair.startBoth()
  await until(
    async () => (await pair.json('ferry', 'folders'))['folders'] as { taken: number }[],
    ([folder]) => folder?.taken === 1,
  )
}

/** Watched folders and their files. */
export const ARRIVAL_ROWS: readonly BrokenThing[] = [
  {
    broken: 'a watched folder disappears',
    play: async (pair) => {
      await watching(pair)
      renameSync(pair.path('endo'), pair.path('endo-away'))
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /watched folder cannot be read.*ENOENT/s, zh: /监视的文件夹无法读取.*ENOENT/s },
      cure: { en: /to do .*the folder exists, is mounted/, zh: /处理办法 .*是否存在、是否已挂载/ },
      never: /All is well|一切正常/,
    },
  },
  {
    broken: 'a file in a watched folder that cannot be taken',
    play: async (pair) => {
      await watching(pair)
      const empty = Buffer.from('504b0506000000000000000000000000000000000000', 'hex')
      writeFileSync(pair.path('endo', 'mail.zip'), empty)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /files of a watched folder cannot be taken/, zh: /监视的文件夹中有文件无法/ },
      cure: { en: /to do .*ferry folders/, zh: /处理办法 .*ferry folders/ },
      never: /All is well|一切正常/,
    },
  },
]
