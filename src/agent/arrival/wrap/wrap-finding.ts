/** Facts that a person needs to know about a wrapped file; the file is sent all the same. */
export type WrapFinding =
  /** The device's folder has no `anatomicRegion`, which the standard requires of such images (PS3.3 §C.8.12.1). */
  | 'regionUnknown'
  /** The image must be turned to be seen upright; DICOM cannot say so. */
  | 'imageRotated'
  /** The image had transparency, which DICOM cannot store. */
  | 'alphaDropped'
  /** Bytes after the end of the image were left out. */
  | 'trailingBytesDropped'
  /** Frames have different durations; viewers show them at one rate. */
  | 'frameRateVaries'
  /** H.264 of a lower profile was labelled as High profile. */
  | 'lowerProfile'
  /** The sound of the video was left out. */
  | 'audioDropped'
  /** The samples have more than 8 bits, so the image became Secondary Capture. */
  | 'storedAsSecondaryCapture'
  /** Many receivers do not know the transfer syntax of videos above 4 GiB. */
  | 'fragmentableSyntax'
