/** What a failure reason of STOW-RS (PS3.18 Table I.2-2) means for what is done next. */
export interface FailureReason {
  readonly meaning: string
  /** 'later': time can cure it. 'there': the server says that it has the instance. 'never': somebody must act. */
  readonly remedy: 'later' | 'there' | 'never'
}

export function failureReason(code: number): FailureReason {
  const hex = code.toString(16).toUpperCase().padStart(4, '0')
  const [meaning, remedy] = meaningOf(code)
  return { meaning: `the PACS refused it: ${meaning} (${hex})`, remedy }
}

function meaningOf(code: number): [string, FailureReason['remedy']] {
  // Codes of the C-STORE family are ranges (PS3.4 Table B.2-1).
  switch (code & 0xff00) {
    case 0xa700:
      return ['out of resources', 'later']
    case 0xa900:
      return ['the data set does not match its SOP class', 'never']
  }
  switch (code) {
    case 0x0110:
      return ['processing failure', 'never']
    case 0x0111:
      return ['it has this SOP instance already', 'there']
    case 0x0122:
      return ['SOP class not supported', 'never']
    case 0x0124:
      return ['not authorized', 'never']
    case 0xc122:
      return ['transfer syntax not supported', 'never']
  }
  return (code & 0xf000) === 0xc000
    ? ['cannot understand', 'never']
    : ['no reason that is known here', 'never']
}
