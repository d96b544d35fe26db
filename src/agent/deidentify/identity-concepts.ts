import type { DeidOption } from './profile.ts'

type Keeper = DeidOption | 'nothing'

/**
 * Concepts of PS3.16 whose value in a report is identity itself, with the option that keeps it. Names, dates and UIDs of
 * other concepts go by their value types.
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
  // TID 1005: the procedure's numbers
  ['DCM 121020', 'nothing'], // Placer Number
  ['DCM 121021', 'nothing'], // Filler Number
  ['DCM 121022', 'nothing'], // Accession Number
  // TID 1007, 1008: whom it is about
  ['DCM 121029', 'nothing'], // Subject Name
  ['DCM 121030', 'nothing'], // Subject ID
  ['DCM 121031', 'nothing'], // Subject Birth Date
  ['DCM 121032', 'retain-patient-characteristics'], // Subject Sex
  ['DCM 121033', 'retain-patient-characteristics'], // Subject Age
  ['DCM 121036', 'nothing'], // Mother of fetus
  ['DCM 121040', 'nothing'], // Specimen Accession Number
  ['DCM 121041', 'nothing'], // Specimen Identifier
  ['LN 8302-2', 'retain-patient-characteristics'], // Patient Height
  ['LN 29463-7', 'retain-patient-characteristics'], // Patient Weight
])

/** True where the concept stands for a person, place or device that the options do not keep. */
export function isIdentityConcept(scheme: string, code: string, options: ReadonlySet<DeidOption>): boolean {
  const keeper = KEEPERS.get(`${scheme} ${code}`)
  return keeper !== undefined && (keeper === 'nothing' || !options.has(keeper))
}
