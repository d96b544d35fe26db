/** The person of an order. All texts are decoded; an empty text never means a value. */
export interface Patient {
  /** The form of PN (PS3.5 §6.2): components with `^`, groups with `=`. */
  readonly name: string
  readonly id: string
  readonly issuer?: string
  /** The form of DA: YYYYMMDD. */
  readonly birthDate?: string
  readonly sex?: 'M' | 'F' | 'O'
}

/** One examination that an information system has planned. */
export interface Order {
  /** The name of the source in the settings. */
  readonly source: string
  /** Identifies the order within its source; a later order with the same key replaces it. */
  readonly key: string
  readonly patient: Patient
  readonly accessionNumber?: string
  readonly studyInstanceUid?: string
  readonly requestedProcedureId?: string
  readonly description?: string
  readonly modality?: string
  readonly stationAeTitle?: string
  /** ISO 8601: a date, or a date and a time; without a zone it is the local time of this machine. */
  readonly scheduledAt?: string
  /** The form of PN. */
  readonly referringPhysician?: string
}

/** A merge of two records of one patient (HL7 ADT^A40, A34): the former ID now means `patient`. */
export interface PatientMerge {
  readonly formerId: string
  readonly formerIssuer?: string
  readonly patient: Patient
}
