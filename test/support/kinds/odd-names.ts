import iconv from 'iconv-lite'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { tagNamed } from '../instances/tag-named.ts'
import type { Random } from '../random.ts'
import { caseOf, inventedImage, type Part, PEOPLE, withParts } from './invented-image.ts'
import type { Kind } from './kind-case.ts'

const FAMILIES = ['欧阳', '慕容'] as const
const GIVENS = ['晓岚', '子墨'] as const
const CHARSETS: readonly (readonly [string, string])[] = [
  ['GB18030 ', 'gb18030'],
  ['ISO_IR 192', 'utf8'],
  ['', 'gb18030'],
  ['ISO_IR 100', 'gb18030'],
  ['GBK ', 'gbk'],
]

/** Names in odd spellings, and the same name once more in a description that stays. */
export const oddNames: Kind = {
  name: 'an odd spelling of a name',
  make: (random) => (random.isIn(50) ? latin(random) : chinese(random)),
}

function latin(random: Random) {
  const image = inventedImage(random)
  const { family, given } = random.pick(PEOPLE)
  const name = random.pick([
    `${family}^${given}^^^`,
    `${family}^${given}==`,
    `${family}  ^${given} `,
    `${family.toUpperCase()}^${given.toUpperCase()}`,
    `${family}, ${given}`,
    `${family} ${given}`,
  ])
  const again = random.pick([
    `${given} ${family}`,
    family.toUpperCase(),
    `pat.: ${family}, ${given}; chest`,
    `${family}_${given}`,
  ])
  const made = withParts(image, [
    text(TAG.PatientName, 'PN', name),
    text(tagNamed('SeriesDescription'), 'LO', again),
  ])
  const spellings = [family, given].flatMap((one) => [one, one.toUpperCase()])
  const planted = [...spellings, ...image.planted.slice(2)].map((one) => Buffer.from(one))
  return caseOf({ ...made, planted: planted.filter(({ length }) => length > 0) }, { isSound: true })
}

function chinese(random: Random) {
  const image = inventedImage(random)
  const [term, charset] = random.pick(CHARSETS)
  const [family, given] = [random.pick(FAMILIES), random.pick(GIVENS)]
  const name = random.pick([
    `${family}^${given}`,
    `${family}${given}`,
    `Pinyin^Name=${family}^${given}`,
    `${family}^${given}^^^==`,
    `${family}　${given}`,
  ])
  const encoded = (tag: number, vr: string, value: string): Part => ({
    tag,
    vr,
    value: padded(iconv.encode(value, charset)),
  })
  const made = withParts(image, [
    { tag: TAG.SpecificCharacterSet, vr: 'CS', value: Buffer.from(term) },
    encoded(TAG.PatientName, 'PN', name),
    encoded(
      tagNamed('SeriesDescription'),
      'LO',
      random.pick([`${family}${given} 胸部`, `患者${family}${given}`]),
    ),
  ])
  const whole = `${family}${given}`
  const spellings = [iconv.encode(whole, 'gb18030'), iconv.encode(whole, 'utf8')]
  return caseOf({ ...made, planted: [...spellings, ...image.planted.slice(2)] }, { isSound: true })
}

const padded = (bytes: Buffer): Buffer =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(' ')])

const text = (tag: number, vr: string, value: string): Part => ({
  tag,
  vr,
  value: padded(Buffer.from(value)),
})
