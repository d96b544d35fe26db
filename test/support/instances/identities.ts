import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { EXPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { type RawInstance, sendInstances } from '../peers/send-instances.ts'
import { corpusFiles } from './corpus.ts'
import { asSent } from './corpus-crossing.ts'
import { hasCorpus } from './corpus-files.ts'
import { newUid } from './sealed-instance.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const { element } = writer(EXPLICIT_LITTLE)
const SENT_AT_ONCE = 8
/** Shorter values are in anything. */
const SHORTEST = 6
const UID = /\d+(?:\.\d+){3,}/g
/** Part of a UID that a database has written at the end of a page. */
const PART_OF_UID = /[\d.]*\.[\d.]*/g
/** Name, ID, birth date. */
export const PERSON = ['INVENTED^PERSON', 'PID-73190255', '19310517']

const text = (tag: number, vr: string, value: string): Buffer =>
  element(tag, vr, Buffer.from(value.length % 2 === 0 ? value : `${value}${vr === 'UI' ? '\0' : ' '}`))

function instanceOfPerson(studyInstanceUid: string): RawInstance {
  const [name = '', id = '', born = ''] = PERSON
  const sopInstanceUid = newUid()
  const dataSet = Buffer.concat([
    text(TAG.SOPClassUID, 'UI', CT),
    text(TAG.SOPInstanceUID, 'UI', sopInstanceUid),
    text(TAG.PatientName, 'PN', name),
    text(TAG.PatientID, 'LO', id),
    text(TAG.PatientBirthDate, 'DA', born),
    text(TAG.StudyInstanceUID, 'UI', studyInstanceUid),
    text(TAG.SeriesInstanceUID, 'UI', newUid()),
  ])
  return {
    sopClassUid: CT,
    sopInstanceUid,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    dataSet,
  }
}

/** Finds elements (0010,0010), (0010,0020), (0010,0030) by their bytes, without the reader of this program. */
function identitiesIn(dataSet: Buffer): string[] {
  return [0x10, 0x20, 0x30]
    .flatMap((number) => valuesIn(dataSet, Buffer.from([0x10, 0, number, 0])))
    .filter((value) => value.length >= SHORTEST && /[^0]/.test(value))
}

function valuesIn(dataSet: Buffer, tag: Buffer): string[] {
  const found: string[] = []
  for (let at = dataSet.indexOf(tag); at >= 0; at = dataSet.indexOf(tag, at + 1)) {
    const isExplicit = /^(PN|LO|DA)$/.test(dataSet.toString('latin1', at + 4, at + 6))
    if (at + 8 > dataSet.length) break
    const length = isExplicit ? dataSet.readUInt16LE(at + 6) : dataSet.readUInt32LE(at + 4)
    if (length < 200) found.push(dataSet.toString('latin1', at + 8, at + 8 + length))
  }
  return found.map((value) => value.replace(/[\0 ]+$/, ''))
}

/**
 * Returns a search for these values in bytes: in Latin-1, in UTF-8, as JSON writes them, with a space or nothing for
 * `^`, in small or capital letters, in hexadecimal digits, and in base64 at any offset. It returns those that it finds.
 * It passes over UIDs, whose digits may be those of a number or a date by chance; in the pages of a database also over
 * their parts.
 */
export function searchFor(values: readonly string[]): (bytes: Buffer, arePages?: boolean) => string[] {
  const spelled = values.map((value) => [value, spellingsOf(value)] as const)
  return (bytes, arePages = false) => {
    const searched = bytes
      .toString('latin1')
      .toLowerCase()
      .replace(arePages ? PART_OF_UID : UID, '~')
    return spelled.filter(([, some]) => some.some((one) => searched.includes(one))).map(([value]) => value)
  }
}

function spellingsOf(value: string): readonly string[] {
  const texts = [value, value.replaceAll('^', ' '), value.replaceAll('^', '')]
  const inBytes = texts.flatMap((one) => [Buffer.from(one, 'latin1'), Buffer.from(one)])
  const spellings = [
    ...inBytes.flatMap((one) => [one.toString('latin1'), one.toString('hex')]),
    // The base64 of a manifest is full of the digits of UIDs.
    ...(/\D/.test(value) ? inBytes : []).flatMap((one) =>
      [0, 1, 2].map((offset) => base64Middle(one, offset)),
    ),
    ...texts.map((one) => JSON.stringify(one).slice(1, -1)),
  ]
  return Array.from(new Set(spellings.map((one) => one.toLowerCase())))
}

/** The digits of base64 that only these bytes decide, if they begin `offset` bytes into a group of three. */
function base64Middle(bytes: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  return whole.slice(offset === 0 ? 0 : offset + 1, -1)
}

/** Sends an invented person's image and the corpus, if it is there. Returns the identities and UIDs of what was sent. */
export async function sendIdentities(port: number): Promise<{ identities: string[]; uids: string[] }> {
  const study = newUid()
  await sendInstances(port, [instanceOfPerson(study)])
  const [identities, uids] = [new Set(PERSON), new Set([study])]
  const studyDates = new Set<string>()
  const files = hasCorpus() ? corpusFiles() : []
  for (let i = 0; i < files.length; i += SENT_AT_ONCE) {
    const batch = files.slice(i, i + SENT_AT_ONCE).map(({ path }) => asSent(path).instance)
    for (const { dataSet, sopInstanceUid } of batch) {
      for (const value of identitiesIn(dataSet)) identities.add(value)
      for (const value of valuesIn(dataSet, Buffer.from([8, 0, 0x20, 0]))) studyDates.add(value)
      if (sopInstanceUid.length > 12) uids.add(sopInstanceUid)
    }
    // A file that is refused is in the log all the same.
    await Promise.all(
      batch.map((instance, at) => sendInstances(port, [instance], `F${i + at}`).catch(() => {})),
    )
  }
  // A page shows when an examination was.
  return { identities: Array.from(identities.difference(studyDates)), uids: Array.from(uids) }
}
