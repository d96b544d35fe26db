import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { ARCHITECTURES } from './architecture.ts'
import { buildTime } from './build-time.ts'
import { writeChecksums } from './checksums.ts'
import { makeDeb } from './make-deb.ts'
import { makeRpm } from './make-rpm.ts'
import { makeTar } from './make-tar.ts'
import { PROGRAMS } from './programs.ts'
import { readJson } from './read-json.ts'
import { sbom } from './sbom.ts'
import { stageTree, write } from './staged-tree.ts'

// npm run package -- [--format deb] [--arch amd64] [--program agent] [--compress zstd] [--version 0.1.1] [--to FOLDER]
const { values } = parseArgs({
  options: {
    format: { type: 'string', multiple: true, default: ['deb', 'rpm', 'tar'] },
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

const makers = { deb: makeDeb, rpm: makeRpm, tar: makeTar }

for (const architecture of ARCHITECTURES.filter(({ deb }) => values.arch.includes(deb))) {
  for (const program of PROGRAMS.filter((one) => values.program.includes(one.program))) {
    const common = { program, architecture, version: values.version, time }
    const root = join(values.to, '.staged', `${program.packageName}-${architecture.deb}`)
    const { works } = await stageTree({ ...common, root, cache: join('packages', '.cache') })
    const options = { ...common, root, compress, to: values.to }
    for (const format of values.format) told(makers[known(format)](options))
    const list = `${program.packageName}_${values.version}_${architecture.deb}.cdx.json`
    write(join(values.to, list), sbom(program, works, common))
    told(join(values.to, list))
  }
}
told(writeChecksums(values.to))

function told(file: string): void {
  process.stdout.write(`${file}\n`)
}

function known(format: string): 'deb' | 'rpm' | 'tar' {
  if (format === 'deb' || format === 'rpm' || format === 'tar') return format
  throw new Error(`--format ${format}: expected deb, rpm or tar`)
}

function ownVersion(): string {
  return readJson('package.json', z.object({ version: z.string() })).version
}
