import { createDecipheriv } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import iconv from 'iconv-lite'

/** AES-256-GCM as the agent uses it; a record is filled up to blocks of 256 bytes. */
const [NONCE, TAG, BLOCK] = [12, 16, 256]
const ENCODINGS = ['utf8', 'gb18030', 'utf16le', 'utf16-be', 'latin1']

/** A thief of the disk: has every byte below a folder, knows this program's source, and has no running machine. */
export class DiskThief {
  readonly #files: readonly Buffer[]

  constructor(folder: string) {
    this.#files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  }

  get bytesRead(): number {
    return this.#files.reduce((sum, { length }) => sum + length, 0)
  }

  /** Returns the texts that some file contains as they are, or in a record that some key on the disk opens. */
  find(texts: readonly string[]): string[] {
    const opened = this.#opened()
    return texts.filter((text) => {
      const forms = ENCODINGS.map((encoding) => iconv.encode(text, encoding))
      const isClear = this.#files.some((file) => forms.some((form) => file.includes(form)))
      return isClear || opened.some((record) => record.includes(text))
    })
  }

  /** Opens with every key at every offset: what was deleted from a database may still be in its free pages. */
  #opened(): string[] {
    const [keys, places] = [this.#keys(), this.#studyUids()]
    const databases = this.#files.filter((file) => file.length < 16 * 1024 ** 2 && isDatabase(file))
    const tries = keys.flatMap((key) => places.map((place) => ({ key, place })))
    return databases.flatMap((file) =>
      tries.flatMap(({ key, place }) =>
        offsetsAfter(file, place).flatMap((at) => open(file, at, key, place) ?? []),
      ),
    )
  }

  /** Every file that is 32 bytes, or the text of 32 bytes, and every such text inside a small file. */
  #keys(): Buffer[] {
    const small = this.#files.filter(({ length }) => length < 4096)
    const texts = small.flatMap((file) => file.toString('latin1').match(/[\w+/-]{43,64}/g) ?? [])
    const keys = [
      ...small,
      ...texts.flatMap((text) => [Buffer.from(text, 'base64url'), Buffer.from(text, 'hex')]),
    ]
    return keys.filter(({ length }) => length === 32)
  }

  #studyUids(): string[] {
    const found = this.#files.flatMap((file) => file.toString('latin1').match(/2\.25\.\d{20,40}/g) ?? [])
    return [...new Set(found)]
  }
}

/** SQLite's databases and write-ahead logs. */
const isDatabase = (file: Buffer): boolean => /^(53514c69|377f068[23])/.test(file.toString('hex', 0, 4))

/** In a row the sealed record follows its study's UID. */
function offsetsAfter(file: Buffer, place: string): number[] {
  const offsets: number[] = []
  for (let at = file.indexOf(place); at >= 0; at = file.indexOf(place, at + 1))
    offsets.push(at + place.length)
  return offsets
}

function open(file: Buffer, at: number, key: Buffer, place: string): string | undefined {
  for (let blocks = 1; blocks <= 8; blocks++) {
    const sealed = file.subarray(at, at + NONCE + blocks * BLOCK + TAG)
    if (sealed.length < NONCE + blocks * BLOCK + TAG) return undefined
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE))
      decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(-TAG))
      return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString()
    } catch {
      // Another length, key or place.
    }
  }
  return undefined
}
