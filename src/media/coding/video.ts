/** Facts about each picture of a video, as its coding states them. */
export interface CodedPicture {
  /** As the codec numbers it: `profile_idc`, or the profile of MPEG-2. */
  readonly profile: number
  /** As the codec numbers it: `level_idc`, or the level of MPEG-2. */
  readonly level: number
  /** True for HEVC of the High tier. */
  readonly isHighTier: boolean
  readonly bits: number
  /** 1 is 4:2:0. */
  readonly chromaFormat: number
  readonly rows: number
  readonly columns: number
  readonly hasSquarePixels: boolean
}

/** Facts about a video stream that DICOM asks for. */
export interface Video extends CodedPicture {
  readonly container: 'mp4' | 'transport stream' | 'program stream' | 'elementary stream'
  readonly codec: 'mpeg2' | 'h264' | 'hevc'
  readonly frames: number
  readonly framesPerSecond: number
  readonly isRateVarying: boolean
  /** True if the picture must be turned to be seen upright. */
  readonly isTurned: boolean
  /** The codings of its sound, as the container names them. */
  readonly audio: readonly string[]
}
