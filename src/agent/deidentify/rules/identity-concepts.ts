import type { DeidOption } from '../element/profile.ts'

type Keeper = DeidOption | 'nothing'

/**
 * Concepts of PS3.16 whose value in a report is identity itself, with the option that keeps it. Names, dates and UIDs
 * of other concepts are decided by their value types.
 */
const KEEPERS: ReadonlyMap<string, Keeper> = new Map<string, Keeper>([
  // TID 1002, 1003: who observed
  ['DCM 121008', 'nothing'], // Person Observer Name
  ['DCM 121009', 'retain-institution-identity'], // Person Observer's Organization Name
  ['DCM 128774', 'nothing'], // Person Observer's Login Name
  ['DCM 121012', 'retain-device-identity'], // Device Observer UID
  ['DCM 121013', 'retain-device-identity'], // Device Observer Name
  ['DCM 121014', 'retain-device-identity'], // Device Observer Manufacturer
  ['DCM 121015', 'retain-device-identity'], // Device Observer Model Name
  ['DCM 121016', 'retain-device-identity'], // Device Observer Serial Number
  ['DCM 121017', 'retain-institution-identity'], // Device Observer Physical Location During Observation
  ['DCM 113877', 'retain-device-identity'], // Device Name
  ['DCM 113878', 'retain-device-identity'], // Device Manufacturer
  ['DCM 113879', 'retain-device-identity'], // Device Model Name
  ['DCM 113880', 'retain-device-identity'], // Device Serial Number
  ['DCM 113870', 'nothing'], // Person Name
  ['DCM 113871', 'nothing'], // Person ID
  ['DCM 113872', 'nothing'], // Person ID Issuer
  ['DCM 113873', 'retain-institution-identity'], // Organization Name
  ['DCM 128775', 'nothing'], // Identifier within Person Observer's Role
  ['DCM 121081', 'nothing'], // Physician
  ['DCM 121114', 'nothing'], // Performing Physician
  ['DCM 121152', 'nothing'], // Person administering drug/contrast
  // which device, room and house
  ['DCM 121193', 'retain-device-identity'], // Device Subject Name
  ['DCM 121194', 'retain-device-identity'], // Device Subject Manufacturer
  ['DCM 121195', 'retain-device-identity'], // Device Subject Model Name
  ['DCM 121196', 'retain-device-identity'], // Device Subject Serial Number
  ['DCM 121197', 'retain-institution-identity'], // Device Subject Physical Location during observation
  ['DCM 121000', 'retain-device-identity'], // Unique Device Identifiers
  ['DCM 121122', 'retain-device-identity'], // Equipment Identification
  ['DCM 121148', 'retain-device-identity'], // Unit Serial Identifier
  ['DCM 121149', 'retain-device-identity'], // Lot Identifier
  ['DCM 122143', 'retain-device-identity'], // Acquisition Device ID
  ['DCM 121121', 'retain-institution-identity'], // Room identification
  ['DCM 121434', 'retain-institution-identity'], // Service Delivery Location
  ['DCM 122128', 'retain-institution-identity'], // Patient Transferred From
  ['DCM 127122', 'retain-institution-identity'], // Animal room identifier
  // TID 1005: the procedure's numbers
  ['DCM 121020', 'nothing'], // Placer Number
  ['DCM 121021', 'nothing'], // Filler Number
  ['DCM 121022', 'nothing'], // Accession Number
  // TID 1007, 1008: the subject
  ['DCM 121029', 'nothing'], // Subject Name
  ['DCM 121030', 'nothing'], // Subject ID
  ['DCM 121031', 'nothing'], // Subject Birth Date
  ['DCM 121032', 'retain-patient-characteristics'], // Subject Sex
  ['DCM 121033', 'retain-patient-characteristics'], // Subject Age
  ['DCM 121036', 'nothing'], // Mother of fetus
  ['DCM 121040', 'nothing'], // Specimen Accession Number
  ['DCM 121041', 'nothing'], // Specimen Identifier
  ['DCM 121028', 'nothing'], // Subject UID
  // TID 8000 ff.: specimens, their containers, slides, and who gave the numbers
  ['DCM 111700', 'nothing'], // Specimen Container Identifier
  ['DCM 111705', 'nothing'], // Parent Specimen Identifier
  ['DCM 111706', 'nothing'], // Issuer of Parent Specimen Identifier
  ['DCM 111724', 'nothing'], // Issuer of Specimen Identifier
  ['DCM 121043', 'nothing'], // Slide Identifier
  ['DCM 125010', 'nothing'], // Identifier
  ['DCM 110190', 'nothing'], // Issuer of Identifier
  // TID 10021 ff.: what a pharmacy made for one patient
  ['DCM 113511', 'nothing'], // Radiopharmaceutical Dispense Unit Identifier
  ['DCM 113512', 'nothing'], // Radiopharmaceutical Lot Identifier
  ['DCM 113513', 'nothing'], // Reagent Vial Identifier
  ['DCM 113514', 'nothing'], // Radionuclide Vial Identifier
  ['DCM 113516', 'nothing'], // Prescription Identifier
  ['LN 8302-2', 'retain-patient-characteristics'], // Patient Height
  ['LN 29463-7', 'retain-patient-characteristics'], // Patient Weight
])

/** Identifiers of DCM that a report assigns to its own findings. */
const TRACKING: ReadonlySet<string> = new Set(['112039', '112040', '121151'])

/**
 * Identifying words in the meaning of a concept that is not listed above, because it is from another scheme or a later
 * edition.
 */
const MEANS_IDENTITY =
  /\b(?:identifiers?|issuers?|accession|medical record|mrn|serial (?:number|no)|social security|insurance|passport|e-?mail|telephone|phone|addresse?s?|(?:patient|subject|person|physician|doctor|operator|hospital|institution|organi[sz]ation)(?:'s)? (?:name|id|number)|birth ?date|date of birth|user ?name|login|next of kin|guardian|employer|facility|clinic|ward|bed (?:no|number))\b|姓名|住院号|门诊号|病历号|病案号|检查号|登记号|身份证|医保|电话|地址|医院|医师|医生|出生|诊所|病区|床号|科室|就诊|卡号|条码|编号|申请单|联系人|家属|患者|病人|单位名称/i

/** A concept as a content item names it. */
interface Concept {
  readonly scheme: string
  readonly code: string
  readonly meaning: string
}

/**
 * Classifies the value of a concept: 'removed' if it is identity, 'kept' if an option keeps it, undefined if the
 * concept means something else.
 */
export function identityConcept(
  { scheme, code, meaning }: Concept,
  options: ReadonlySet<DeidOption>,
): 'removed' | 'kept' | undefined {
  const keeper = KEEPERS.get(`${scheme} ${code}`)
  if (keeper !== undefined) return keeper !== 'nothing' && options.has(keeper) ? 'kept' : 'removed'
  const isTracking = scheme === 'DCM' && TRACKING.has(code)
  return !isTracking && MEANS_IDENTITY.test(meaning) ? 'removed' : undefined
}
