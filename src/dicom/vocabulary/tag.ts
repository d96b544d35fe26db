/** A data element tag as one number: the group in the upper 16 bits, so that tags sort as the standard orders them. */
export type Tag = number

/** The elements that Ferry itself reads, by keyword (PS3.6 §6). */
export const TAG = {
  SOPClassUID: 0x0008_0016,
  SOPInstanceUID: 0x0008_0018,
  Modality: 0x0008_0060,
  StudyInstanceUID: 0x0020_000d,
  SeriesInstanceUID: 0x0020_000e,
  FloatPixelData: 0x7fe0_0008,
  DoubleFloatPixelData: 0x7fe0_0009,
  PixelData: 0x7fe0_0010,
  Item: 0xfffe_e000,
  ItemDelimitationItem: 0xfffe_e00d,
  SequenceDelimitationItem: 0xfffe_e0dd,
} as const satisfies Record<string, Tag>

/** As the standard prints it: (0008,0018). */
export function tagText(tag: Tag): string {
  const digits = tag.toString(16).padStart(8, '0')
  return `(${digits.slice(0, 4)},${digits.slice(4)})`
}
