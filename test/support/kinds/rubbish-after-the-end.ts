import { caseOf, inventedImage } from './invented-image.ts'
import type { Kind } from './kind-case.ts'

/** Bytes after a whole image that are not elements, with zeros before them or without. */
export const rubbishAfterTheEnd: Kind = {
  name: 'rubbish after the end',
  make: (random) => {
    const made = caseOf(inventedImage(random))
    const zeros = Buffer.alloc(random.pick([0, 0, 1, 8, 100]))
    const rubbish = random.pick([
      () => Buffer.from('\r\n'),
      () => Buffer.from(`end of ${random.letters(random.between(1, 40))}`),
      () => random.bytes(random.between(1, 200)).map((byte) => byte | 0x80),
      () => Buffer.alloc(random.between(1, 600), 0xff),
      () => Buffer.from('<html><body>200 OK</body></html>'),
    ])()
    return { ...made, dataSet: Buffer.concat([made.dataSet, zeros, rubbish]) }
  },
}
