/** Shown in full: up to this many. */
const FEW = 3
/** Named of more. */
const NAMED = 6

/** Common names of SOP classes, by parts of their names; the first that fits. */
const SHORT: readonly (readonly [RegExp, string])[] = [
  [/\bCT .*Image/, 'CT'],
  [/\bMR .*(Image|Spectroscopy)/, 'MR'],
  [/Ultrasound|\bUS Volume/, 'US'],
  [/Computed Radiography/, 'CR'],
  [/Mammography X-Ray|Breast/, 'MG'],
  [/Digital (Intra-Oral )?X-Ray/, 'DX'],
  [/X-Ray Radiofluoroscopic|\bXRF\b/, 'RF'],
  [/X-Ray (Angiographic|3D)|\bXA\b/, 'XA'],
  [/Positron|\bPET\b/, 'PT'],
  [/Nuclear Medicine/, 'NM'],
  [/Endoscopic/, 'ES'],
  [/Ophthalmic/, 'OP'],
  [/Secondary Capture/, 'SC'],
  [/\bSR\b/, 'SR'],
  [/Key Object/, 'KO'],
  [/Presentation State/, 'PR'],
  [/Waveform/, 'ECG'],
  [/Encapsulated/, 'DOC'],
  [/^RT /, 'RT'],
  [/Verification/, 'echo'],
]

/** A few by their names; of many what kinds of images there are, and how many SOP classes in all. */
export function sopClassSummary(names: readonly string[], more: number): string {
  const total = names.length + more
  if (total <= FEW) return names.join(', ')
  const kinds = names.flatMap((name) => SHORT.find(([part]) => part.test(name))?.[1] ?? [])
  const named = kinds.length === 0 ? names : Array.from(new Set(kinds))
  const isAll = more === 0 && named.length <= NAMED && [0, names.length].includes(kinds.length)
  return `${named.slice(0, NAMED).join(', ')}${isAll ? '' : ' …'} (${total})`
}
