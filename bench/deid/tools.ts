import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { transferSyntax } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { type OpenObject, openObject } from './open-object.ts'

const run = promisify(execFile)
const TOOL_LIMIT_MS = 20_000

/** Returns the errors that dciodvfy reports, once each, without the values that it repeats. */
export async function dciodvfyErrors(path: string): Promise<string[]> {
  const options = { timeout: TOOL_LIMIT_MS, maxBuffer: 64 * 1024 * 1024 }
  const { stdout, stderr } = await run('sh', ['-c', 'dciodvfy "$1" 2>&1 || true', 'sh', path], options)
  const errors = `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('Error'))
  return Array.from(
    new Set(
      errors.map((line) => line.replaceAll(/ = <[^>]*>|[\d.]+$|Length invalid for this VR = \d+/g, '')),
    ),
  )
}

/** Returns the object with native pixels, converted by gdcmconv if they are encapsulated; undefined if it can't. */
export function decoded(file: Buffer, folder: string): OpenObject | undefined {
  const object = openObject(file)
  if (!transferSyntax(object.transferSyntaxUid).encapsulated) return object
  const [from, to] = [join(folder, 'encapsulated.dcm'), join(folder, 'native.dcm')]
  try {
    writeFileSync(from, file)
    execFileSync('gdcmconv', ['--raw', from, to], { stdio: 'ignore', timeout: TOOL_LIMIT_MS })
    return openObject(readFileSync(to))
  } catch {
    return undefined
  } finally {
    rmSync(from, { force: true })
    rmSync(to, { force: true })
  }
}

/**
 * GDCM's anonymizer: the Basic Profile. A run for each file, since one run for a folder stops early. Files that it refuses are
 * not in `output`.
 */
export async function runGdcmanon(folder: string, input: string, output: string): Promise<void> {
  const certificate = join(folder, 'certificate.pem')
  if (!existsSync(certificate)) {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        '/CN=bench',
        '-keyout',
        join(folder, 'key.pem'),
      ].concat(['-out', certificate]),
      { stdio: 'ignore' },
    )
  }
  mkdirSync(output, { recursive: true })
  for (const name of readdirSync(input)) {
    const options = ['-e', '-c', certificate, '-i', join(input, name), '-o', join(output, name)]
    await run('gdcmanon', options, { timeout: TOOL_LIMIT_MS }).catch(() =>
      rmSync(join(output, name), { force: true }),
    )
  }
}
