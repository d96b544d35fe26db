/** SNOMED CT codes of regions that a watched folder may name (PS3.16 CID 4031 and 4040), with their meaning. */
export const ANATOMIC_REGIONS = {
  abdomen: ['818983003', 'Abdomen'],
  anus: ['53505006', 'Anus'],
  bladder: ['89837001', 'Urinary bladder'],
  breast: ['76752008', 'Breast'],
  bronchus: ['955009', 'Bronchus'],
  cervix: ['71252005', 'Cervix of uterus'],
  colon: ['71854001', 'Colon'],
  duodenum: ['38848004', 'Duodenum'],
  ear: ['117590005', 'Ear'],
  esophagus: ['32849002', 'Esophagus'],
  eye: ['81745001', 'Eye'],
  hand: ['85562004', 'Hand'],
  knee: ['72696002', 'Knee'],
  larynx: ['4596009', 'Larynx'],
  mouth: ['123851003', 'Mouth'],
  nose: ['45206002', 'Nose'],
  pharynx: ['54066008', 'Pharynx'],
  rectum: ['34402009', 'Rectum'],
  skin: ['39937001', 'Skin'],
  smallIntestine: ['30315005', 'Small intestine'],
  stomach: ['69695003', 'Stomach'],
  trachea: ['44567001', 'Trachea'],
  uterus: ['35039007', 'Uterus'],
} as const satisfies Record<string, readonly [code: string, meaning: string]>

export type AnatomicRegion = keyof typeof ANATOMIC_REGIONS
