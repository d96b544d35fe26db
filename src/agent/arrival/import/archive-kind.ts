import type { ByteSource } from '../../../media/byte-source.ts'

/** Local file header, or the end of an empty archive. */
const ZIP: readonly string[] = ['504b0304', '504b0506', '504b0708']

export async function beginsAsZip(source: ByteSource): Promise<boolean> {
  return ZIP.includes((await source.read(0, 4)).toString('hex'))
}

const OTHERS: readonly (readonly [name: RegExp, begin: string, kind: string])[] = [
  [/\.(rar|exe)$/i, '526172211a07', 'RAR'],
  [/\.7z$/i, '377abcaf271c', '7z'],
  [/\.t?gz$/i, '1f8b', 'gzip'],
]

/** Returns the kind of an archive that Ferry cannot open; undefined for another file. Name and content must agree. */
export async function archiveKind(source: ByteSource, path: string): Promise<string | undefined> {
  const begin = (await source.read(0, 6)).toString('hex')
  return OTHERS.find(([name, bytes]) => name.test(path) && begin.startsWith(bytes))?.[2]
}
