/** The value of an element of explicit VR little endian with a short length, as text. */
export function textOf(dataSet: Buffer, tag: string, vr: string): string {
  const at = dataSet.indexOf(Buffer.concat([tagBytes(tag), Buffer.from(vr, 'latin1')]))
  if (at === -1) return ''
  return dataSet.toString('utf8', at + 8, at + 8 + dataSet.readUInt16LE(at + 6)).replace(/[\0 ]+$/, '')
}

/** The items of encapsulated pixel data, the offset table first: a walk of its own, independent of Ferry's reader. */
export function fragmentsOf(dataSet: Buffer): Buffer[] {
  const begin = dataSet.indexOf(Buffer.from('e07f10004f420000ffffffff', 'hex'))
  if (begin === -1) throw new Error('no encapsulated pixel data')
  const items: Buffer[] = []
  for (let at = begin + 12; ; ) {
    const [item, length] = [dataSet.toString('hex', at, at + 4), dataSet.readUInt32LE(at + 4)]
    if (item === 'feffdde0') {
      if (at + 8 !== dataSet.length || length !== 0) throw new Error('bytes after the pixel data')
      return items
    }
    if (item !== 'feff00e0' || length % 2 !== 0) throw new Error(`no item at byte ${at}`)
    items.push(dataSet.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
}

function tagBytes(tag: string): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16))
  bytes.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2)
  return bytes
}
