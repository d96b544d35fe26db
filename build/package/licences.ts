import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from './read-json.ts'

/** A work of others that a package contains. */
export interface ShippedWork {
  readonly name: string
  readonly version: string
  /** The npm package from which it was taken. */
  readonly npmName: string
  /** SPDX expression. */
  readonly licence: string
  readonly text: string
}

const packageShape = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  /** The form of old packages. */
  licenses: z.array(z.object({ type: z.string() })).optional(),
})

/** Texts of packages that are published without the licence file of their own repository. */
const KEPT_TEXTS = join(import.meta.dirname, 'licence-texts')

/** Reads what an npm package says about itself. Throws if it has no licence text: it must not be shipped then. */
export function shippedWork(folder: string, name?: string): ShippedWork {
  const about = readJson(join(folder, 'package.json'), packageShape)
  const licence = about.license ?? about.licenses?.map(({ type }) => type).join(' OR ')
  const file = licenceFile(folder, about.name)
  if (file === undefined) throw new Error(`${folder} has no file with its licence, so it cannot be shipped`)
  if (licence === undefined) throw new Error(`${folder}/package.json names no licence`)
  return {
    name: name ?? about.name,
    version: about.version,
    npmName: about.name,
    licence,
    text: readFileSync(file, 'utf8').replaceAll('\r', '').trim(),
  }
}

function licenceFile(folder: string, npmName: string): string | undefined {
  const own = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  if (own !== undefined) return join(folder, own)
  const kept = join(KEPT_TEXTS, `${npmName}.txt`)
  return existsSync(kept) ? kept : undefined
}

const APACHE = `On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0;
elsewhere at https://www.apache.org/licenses/LICENSE-2.0.`

/** Every licence with its text, for a package without a form of its own for them. */
export function licenceTexts(works: readonly ShippedWork[]): string {
  const line = '='.repeat(80)
  return works
    .map((work) => `${line}\n${work.name} ${work.version}: ${work.licence}\n${line}\n${work.text}\n\n`)
    .join('')
}

/** The file `copyright` of a Debian package (DEP 5). Bundled packages are listed under the folders that they come from. */
export function copyrightFile(works: readonly ShippedWork[], runtimePath: string): string {
  const head = [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    'Upstream-Name: Ferry',
    'Comment: node_modules/NAME means the npm package NAME, which is bundled into the program.',
    '',
    'Files: *',
    'Copyright: The Ferry authors',
    'License: Apache-2.0',
    ...indented(APACHE),
  ]
  const others = works.map((work) => {
    const files = work.npmName.startsWith('node-linux-') ? runtimePath : `node_modules/${work.name}/*`
    return [
      `Files: ${files}`,
      `Copyright: ${holdersIn(work.text)}`,
      `License: ${work.licence.replaceAll(/[()]/g, '').replaceAll(' ', '-')}-${work.name.replaceAll(/[@/]/g, '.')}`,
      `Comment: ${work.name} ${work.version}`,
      // The text is a field too: it comes last, where a reader expects it.
    ]
      .toSpliced(3, 0, ...indented(work.licence === 'Apache-2.0' ? APACHE : work.text))
      .join('\n')
  })
  return `${[head.join('\n'), ...others].join('\n\n')}\n`
}

/** A line of a continued field starts with a space, an empty one is a dot. */
function indented(text: string): string[] {
  return text.split('\n').map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
}

function holdersIn(text: string): string {
  const lines = text.split('\n').map((line) => line.replaceAll(/^[\s*#/-]+/g, '').trim())
  const named = lines.filter((line) => /^(?:copyright|\(c\)|©)/i.test(line) && /\d{4}|©/.test(line))
  return named.length === 0 ? 'see the text of the licence' : [...new Set(named)].slice(0, 3).join('\n ')
}
