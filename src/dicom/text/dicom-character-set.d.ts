declare module 'dicom-character-set' {
  /** Text by Specific Character Set (0008,0005), its values separated by backslashes. */
  export function convertBytes(
    specificCharacterSet: string | undefined,
    bytes: Uint8Array,
    options?: { vr?: string },
  ): string
}
