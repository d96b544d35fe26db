import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { ARCHITECTURES } from './architecture.ts'
import { buildTime } from './build-time.ts'
import { writeChecksums } from './checksums.ts'
import { makeDeb } from './make-deb.ts'
import { makeRpm } from './make-rpm.ts'
import { makeTar } from './make-tar.ts'
import { hasMakensis } from './make-windows-installer.ts'
import { packageForWindows } from './package-for-windows.ts'
import { PROGRAMS } from './programs.ts'
import { readJson } from './read-json.ts'
import { sbom } from './sbom.ts'
import { stageTree, write } from './staged-tree.ts'

// npm run package -- [--format deb] [--arch amd64] [--program agent] [--compress zstd] [--version 0.1.1] [--to FOLDER]
const { values } = parseArgs({
  options: {
    format: { type: 'string', multiple: true, default: ['deb', 'rpm', 'tar', 'exe'] },
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

const formats = values.format.map(known)
const archives = formats.filter((format) => format !== 'exe')
for (const architecture of archives.length === 0
  ? []
  : ARCHITECTURES.filter(({ deb }) => values.arch.includes(deb))) {
  for (const program of PROGRAMS.filter((one) => values.program.includes(one.program))) {
    const common = { program, architecture, version: values.version, time }
    const root = join(values.to, '.staged', `${program.packageName}-${architecture.deb}`)
    const { works } = await stageTree({ ...common, root, cache: join('packages', '.cache') })
    const options = { ...common, root, compress, to: values.to }
    for (const format of archives) told(makers[format](options))
    const list = `${program.packageName}_${values.version}_${architecture.deb}.cdx.json`
    write(join(values.to, list), sbom(program, works, common))
    told(join(values.to, list))
  }
}
// Windows: the agent for x64.
if (formats.includes('exe') && values.program.includes('agent') && values.arch.includes('amd64')) {
  const { version, to } = values
  if (!hasMakensis())
    process.stderr.write('No installer for Windows: makensis is not here (Debian package nsis)\n')
  else for (const file of await packageForWindows({ version, time, compress: 'lzma', to })) told(file)
}
told(writeChecksums(values.to))

function told(file: string): void {
  process.stdout.write(`${file}\n`)
}

function known(format: string): 'deb' | 'rpm' | 'tar' | 'exe' {
  if (format === 'deb' || format === 'rpm' || format === 'tar' || format === 'exe') return format
  throw new Error(`--format ${format}: expected deb, rpm, tar or exe`)
}

function ownVersion(): string {
  return readJson('package.json', z.object({ version: z.string() })).version
}
