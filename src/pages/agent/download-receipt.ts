import { ask } from '../shared/ask.ts'

/** Saves manifest and receipt of a study as one file: the same as `ferry study --evidence`. */
export async function downloadReceipt(
  uid: string,
  tell: (text: string, isBad: boolean) => void,
  noAnswer: string,
): Promise<void> {
  try {
    const { schemaVersion: _, ...evidence } = await ask<{ schemaVersion: number }>(
      `/api/studies/${encodeURIComponent(uid)}/evidence`,
    )
    const file = new Blob([`${JSON.stringify(evidence, null, 2)}\n`], { type: 'application/json' })
    const link = document.createElement('a')
    link.href = URL.createObjectURL(file)
    link.download = `receipt-${uid.replaceAll(/[^\w.-]/g, '_').slice(0, 64)}.json`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  } catch (error) {
    tell(error instanceof Error && error.message !== '' ? error.message : noAnswer, true)
  }
}
