import { parseArgs } from 'node:util'
import { z } from 'zod'
import { buildTime } from './build-time.ts'
import { writeChecksums } from './checksums.ts'
import { packageForWindows } from './package-for-windows.ts'
import { readJson } from './read-json.ts'

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
const { version, runtime, to } = values
const made = await packageForWindows({ version, time: buildTime(), compress, to, runtime })
for (const file of [...made, writeChecksums(to)]) console.log(file)
