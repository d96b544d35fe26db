import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { ARCHITECTURES } from './architecture.ts'
import { buildTime } from './build-time.ts'
import { makeDeb } from './make-deb.ts'
import { PROGRAMS } from './programs.ts'
import { readJson } from './read-json.ts'
import { stageTree } from './staged-tree.ts'

// npm run package:deb -- [--arch amd64] [--program agent] [--compress zstd] [--version 0.1.1] [--to FOLDER]
const { values } = parseArgs({
  options: {
    arch: { type: 'string', multiple: true, default: ARCHITECTURES.map(({ deb }) => deb) },
    program: { type: 'string', multiple: true, default: PROGRAMS.map(({ program }) => program) },
    compress: { type: 'string', default: 'xz' },
    version: { type: 'string', default: ownVersion() },
    to: { type: 'string', default: 'packages' },
  },
})
const time = buildTime()
const compress = (['xz', 'zstd', 'gzip'] as const).find((one) => one === values.compress)
if (compress === undefined) throw new Error(`--compress ${values.compress}: expected xz, zstd or gzip`)

for (const architecture of ARCHITECTURES.filter(({ deb }) => values.arch.includes(deb))) {
  for (const program of PROGRAMS.filter((one) => values.program.includes(one.program))) {
    const common = { program, architecture, version: values.version, time }
    const root = join(values.to, '.staged', `${program.packageName}-${architecture.deb}`)
    await stageTree({ ...common, root, cache: join('packages', '.cache') })
    console.log(makeDeb({ ...common, root, compress, to: values.to }))
  }
}

function ownVersion(): string {
  return readJson('package.json', z.object({ version: z.string() })).version
}
