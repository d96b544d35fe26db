import type { DataSetDraft } from './data-set-draft.ts'
import type { WrapHandling } from './wrap-facts.ts'

/** The tag of Frame Time, to which Frame Increment Pointer points (PS3.3 §C.7.6.6). */
const FRAME_TIME: readonly [group: number, element: number] = [0x0018, 0x1063]

/** Sets Cine and Multi-frame (PS3.3 §C.7.6.5, §C.7.6.6), and what Multi-frame True Color SC has in addition (§A.8.5). */
export function setFrames(
  draft: DataSetDraft,
  frames: number,
  framesPerSecond: number,
  as: WrapHandling['as'],
): DataSetDraft {
  // Whether a name is in the picture is not known; the safe answer counts where one is required.
  if (as === 'secondary') draft.text('BurnedInAnnotation', 'YES')
  const rate = String(Math.max(1, Math.round(framesPerSecond)))
  return draft
    .text('NumberOfFrames', String(frames))
    .number('FrameIncrementPointer', ...FRAME_TIME)
    .text('FrameTime', (1000 / framesPerSecond).toFixed(6).slice(0, 16))
    .text('CineRate', rate)
    .text('RecommendedDisplayFrameRate', rate)
}
