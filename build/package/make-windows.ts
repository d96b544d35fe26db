import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { buildTime } from './build-time.ts'
import { makeWindowsInstaller } from './make-windows-installer.ts'
import { readJson } from './read-json.ts'
import { stageWindowsTree } from './windows-tree.ts'

// npm run package:windows -- [--compress zlib] [--version 0.1.1] [--runtime NODE.EXE] [--to FOLDER]
const { values } = parseArgs({
  options: {
    compress: { type: 'string', default: 'lzma' },
    version: { type: 'string', default: readJson('package.json', z.object({ version: z.string() })).version },
    runtime: { type: 'string' },
    to: { type: 'string', default: 'packages' },
  },
})
const compress = (['lzma', 'zlib'] as const).find((one) => one === values.compress)
if (compress === undefined) throw new Error(`--compress ${values.compress}: expected lzma or zlib`)
const common = { version: values.version, time: buildTime(), root: join(values.to, '.staged', 'windows') }
await stageWindowsTree({ ...common, cache: join('packages', '.cache'), runtime: values.runtime })
console.log(makeWindowsInstaller({ ...common, compress, to: values.to }))
