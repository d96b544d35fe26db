import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { isStorageSopClass, sopClassName } from '../../../dicom/vocabulary/sop-class.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'
import { textAt } from '../element/element-text.ts'
import type { InstanceFacts } from '../element/instance-facts.ts'

const STORAGE = '1.2.840.10008.5.1.4.1.1.'

/** Classes by the part after {@link STORAGE}; a retired one is listed with its successor. */
const BURNED_IN: ReadonlySet<string> = new Set(
  [
    // Ultrasound
    '3 3.1 6 6.1 6.2 6.3',
    // Secondary Capture
    '7 7.1 7.2 7.3 7.4',
    // visible light: endoscopes, microscopes, cameras, and their videos
    '77.1 77.2 77.1.1 77.1.1.1 77.1.2 77.1.2.1 77.1.4 77.1.4.1 77.1.7',
  ].flatMap((classes) => classes.split(' ')),
)
/** Their content is not a set of attributes: an embedded file, raw data, a voice recording, other people's names. */
const DOCUMENTS = /^(104\.\d+|66|9\.4\.[12]|201\.1)$/
/** Ultrasound, from within a vessel too, endoscopy, photographs, scanned paper, hard copy. */
const BURNED_IN_MODALITIES: ReadonlySet<string> = new Set(['US', 'IVUS', 'ES', 'XC', 'DOC', 'HC'])
/** Values of Image Type that devices write for pictures of their screens, dose sheets, labels of slides. */
const PICTURED = /SCREEN|CAPTURE|DOSE[ _](INFO|REPORT)|CT_SOM\d PROT|\bREPORT\b|\bLABEL\b|\bOVERVIEW\b/i
/** Digitized film or video, scanned document, screen: Conversion Type (PS3.3 §C.8.6.1). */
const CONVERTED: ReadonlySet<string> = new Set(['DF', 'DV', 'SD', 'SI', 'WSD'])

/** Returns true for a class whose content cannot be cleaned here. */
export function isDocument(sopClassUid: string): boolean {
  return sopClassUid.startsWith(STORAGE) && DOCUMENTS.test(sopClassUid.slice(STORAGE.length))
}

/** Returns true for a SOP class whose images usually show the patient's name. */
export function isUsuallyBurnedIn(sopClassUid: string): boolean {
  return sopClassUid.startsWith(STORAGE) && BURNED_IN.has(sopClassUid.slice(STORAGE.length))
}

/** Returns the reason why the pixels of such an image usually show the patient; undefined if they usually do not. */
export function whyBurnedIn(
  head: ElementList,
  { burnedInAnnotation, modality, sopClassUid }: InstanceFacts,
): string | undefined {
  if (burnedInAnnotation.toUpperCase() === 'YES') return 'it declares a burned in annotation'
  if (isUsuallyBurnedIn(sopClassUid))
    return `${sopClassName(sopClassUid) ?? sopClassUid} usually shows the patient's name in its pixels`
  if (BURNED_IN_MODALITIES.has(modality))
    return `modality ${modality} usually shows the patient's name in its pixels`
  if (!isStorageSopClass(sopClassUid) || !sopClassUid.startsWith('1.2.840.10008.'))
    return 'the content of pixels of a private SOP class is not known'
  if (hasHiddenOverlay(head)) return 'it may have an overlay in the unused bits of its pixels'
  if (PICTURED.test(textAt(head, TAG.ImageType)))
    return 'its Image Type is that of a picture of a screen or label'
  if (CONVERTED.has(textAt(head, TAG.ConversionType)))
    return 'it was converted from film, video, paper or a screen'
  return undefined
}

/** Returns true for an overlay whose bits are not in a separate element (PS3.5 §8.1.2, retired). */
function hasHiddenOverlay({ elements }: ElementList): boolean {
  const described = elements.filter(({ tag }) => tag >>> 24 === 0x60 && (tag & 0xffff) === 0x0010)
  return described.some(
    (rows) => !elements.some(({ tag }) => tag >>> 16 === rows.tag >>> 16 && (tag & 0xffff) === 0x3000),
  )
}
