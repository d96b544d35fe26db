import { z } from 'zod'
import { FINDINGS, type Finding } from '../dicom/check/check-findings.ts'
import * as setting from './setting/setting.ts'

/** The consequence of each finding for an instance. */
export type CheckingSettings = Readonly<Record<Finding, 'accept' | 'hold' | 'refuse'>>

/** One line for each finding; config/ferry.example.yaml has it in Chinese too. */
const REASONS: Readonly<Record<Finding, string>> = {
  transferSyntax: 'It is not written in the declared transfer syntax',
  unreadable: 'Some of its bytes are not a data set',
  truncated: 'It ends in the middle of an element',
  sopClass: 'Its SOP class is not the one that the device announced',
  uidMissing: 'One of the four identifying UIDs is missing',
  uidSyntax: 'One of the four identifying UIDs is malformed',
  patientMissing: "Patient's name or patient ID is missing",
  characterSetMissing: 'Text beyond ASCII without a declared character set',
  characterSetWrong: 'Text that the declared character set does not fit',
  oddLength: 'A value of odd length',
  elementOrder: 'Elements out of order, or twice',
  pixelMissing: 'An image without pixel data',
  pixelDescription: 'Pixel data without a sound description',
  pixelForm: 'Compressed pixel data where uncompressed belongs, or the other way round',
  pixelLength: 'Pixel data longer or shorter than described',
  framesMissing: 'Compressed pixel data with fewer fragments than frames',
  fragmentsEnd: 'Compressed pixel data without its end delimiter',
  offsetTable: 'An offset table that points to no frame',
  trailingBytes: 'Other bytes than zeros behind the data set',
}

/**
 * A part of an image is not reported as stored: the device still has the whole of it, and must not believe otherwise.
 * All other findings are accepted: a device seldom resends a refused instance, and an odd image is better than none.
 */
const REFUSED: ReadonlySet<Finding> = new Set(['truncated', 'fragmentsEnd'])

export const checkingSchema = z.strictObject(fields()).describe('Consequence of each finding for an instance')

function fields() {
  const choices = FINDINGS.map((finding) => [
    finding,
    setting
      .choice(REASONS[finding], ['accept', 'hold', 'refuse'])
      .prefault(REFUSED.has(finding) ? 'refuse' : 'accept'),
  ])
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each of FINDINGS
  return Object.fromEntries(choices) as Record<
    Finding,
    z.ZodPrefault<setting.Setting<CheckingSettings[Finding]>>
  >
}
