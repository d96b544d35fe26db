import iconv from 'iconv-lite'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { tagNamed } from '../instances/tag-named.ts'
import type { Random } from '../random.ts'
import {
  bytesOf,
  caseOf,
  type InventedImage,
  inventedImage,
  type Part,
  PEOPLE,
  withParts,
} from './invented-image.ts'
import type { Kind, KindCase } from './kind-case.ts'

const FAMILIES = ['欧阳', '慕容'] as const
const GIVENS = ['晓岚', '子墨'] as const
const CHARSETS: readonly (readonly [string, string])[] = [
  ['GB18030 ', 'gb18030'],
  ['ISO_IR 192', 'utf8'],
  ['', 'gb18030'],
  ['ISO_IR 100', 'gb18030'],
  ['GBK ', 'gbk'],
]

const DECLARED = CHARSETS.slice(0, 2)

/** Names in odd spellings, and the same name once more in a description that stays. */
export const oddNames: Kind = {
  name: 'an odd spelling of a name',
  make: (random) => (random.isIn(50) ? latin(random) : chinese(random)),
}

function latin(random: Random): KindCase {
  const image = inventedImage(random)
  const { family, given, patientId } = random.pick(PEOPLE)
  // They all mean the same (PS3.5 §6.2.1.1), or are how devices write it.
  const spellings = [
    `${family}^${given}`,
    `${family}^${given}^^^`,
    `${family}^${given}==`,
    `${family}  ^${given} `,
    `${family.toUpperCase()}^${given.toUpperCase()}`,
    `${family}, ${given}`,
    `${family} ${given}`,
  ]
  const elsewhere = [
    `${given}^^^^${family}`,
    `^${given}^^^${family}`,
    `^^^${given}^${family}`,
    `Ferry^Test^^Dr.^${given} ${family}`,
  ]
  const again = random.pick([
    `${given} ${family}`,
    family.toUpperCase(),
    `pat.: ${family}, ${given}; chest`,
    `${family}_${given}`,
  ])
  const hasId = random.isIn(50)
  const ids = hasId ? [patientId, ` ${patientId} `] : ['', ' ']
  const named = (name: string, id: string): InventedImage =>
    withParts(image, [
      text(TAG.PatientName, 'PN', name),
      text(TAG.PatientID, 'LO', id),
      text(tagNamed('SeriesDescription'), 'LO', again),
    ])
  const cased = [family, given].flatMap((one) => [one, one.toUpperCase()])
  const planted = [...cased, ...(hasId ? [patientId] : [])].map((one) => Buffer.from(one))
  const spelled = random.pick(random.isIn(70) ? spellings : elsewhere)
  const made = { ...named(spelled, random.pick(ids)), planted }
  const other = named(spellings.includes(spelled) ? random.pick(spellings) : spelled, random.pick(ids))
  return caseOf(made, { isSound: true, lacksPatientId: !hasId, twin: bytesOf(other.parts, other.way) })
}

function chinese(random: Random): KindCase {
  const image = inventedImage(random)
  const [term, charset] = random.pick(CHARSETS)
  const [family, given] = [random.pick(FAMILIES), random.pick(GIVENS)]
  const whole = `${family}${given}`
  const spellings = [
    `${family}^${given}`,
    whole,
    `Pinyin^Name=${family}^${given}`,
    `${family}^${given}^^^==`,
    `${family}　${given}`,
  ]
  const again = random.pick([`${whole} 胸部`, `患者${whole}`])
  const named = (name: string, [declared, encoding]: readonly [string, string]): InventedImage => {
    const encoded = (tag: number, vr: string, value: string): Part => ({
      tag,
      vr,
      value: padded(iconv.encode(value, encoding)),
    })
    return withParts(image, [
      { tag: TAG.SpecificCharacterSet, vr: 'CS', value: Buffer.from(declared) },
      encoded(TAG.PatientName, 'PN', name),
      encoded(tagNamed('SeriesDescription'), 'LO', again),
      ...(isWithoutId ? [text(TAG.PatientID, 'LO', '')] : []),
    ])
  }
  const isWithoutId = random.isIn(50)
  const made = named(random.pick(spellings), [term, charset])
  const other = named(random.pick(spellings), random.pick(DECLARED))
  const encodings = [iconv.encode(whole, 'gb18030'), iconv.encode(whole, 'utf8')]
  const planted = [...encodings, ...(isWithoutId ? [] : image.planted.slice(2))]
  // A name that is declared wrongly is not known to be the same.
  const isDeclared = DECLARED.some(([one]) => one === term)
  return caseOf(
    { ...made, planted },
    {
      isSound: true,
      lacksPatientId: isWithoutId,
      ...(isDeclared ? { twin: bytesOf(other.parts, other.way) } : {}),
    },
  )
}

const padded = (bytes: Buffer): Buffer =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(' ')])

const text = (tag: number, vr: string, value: string): Part => ({
  tag,
  vr,
  value: padded(Buffer.from(value)),
})
