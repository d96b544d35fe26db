import type { FolderStatus } from '../../protocol/folder-api.ts'
import type { CauseWords } from '../language/cause-text.ts'
import { FOLDER_ENGLISH } from '../language/en/folder-phrases-en.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import type { Language, Say } from '../language/language.ts'

/** The state of a watched folder in one line, without its name. */
export function folderText(folder: FolderStatus, { say, causes }: { say: Say; causes: CauseWords }): string {
  const { trouble, paused, watcherTrouble, takenSinceStart, moving, waiting, held } = folder
  return [
    ...(trouble === null ? [] : [say('folders.unread', { why: causes(trouble) })]),
    ...(paused === null ? [] : [say('folders.paused', { why: causes(paused) })]),
    say('folders.counts', { taken: takenSinceStart, moving, waiting, held }),
    ...(watcherTrouble === null ? [] : [say('folders.bySweep', { why: causes(watcherTrouble) })]),
  ].join('; ')
}

type CurePhrase = Extract<keyof typeof FOLDER_ENGLISH, `folder.todo.${string}`>
type ReasonPhrase = Extract<keyof typeof FOLDER_ENGLISH, `folder.why.${string}`>

/** The reason why a file waits or is held: a code of the folders, or of a failure. A newer agent may have others. */
export function fileReason(code: string, say: Say, language: Language): string {
  const phrase = `folder.why.${code}`
  if (isReason(phrase)) return say(phrase)
  return wordsOfFailure(code, language)?.meaning ?? code
}

/** The cure for a held file; undefined for a reason that a newer agent has. */
export function fileCure(code: string, say: Say, language: Language): string | undefined {
  const phrase = `folder.todo.${code}`
  if (isCure(phrase)) return say(phrase)
  return wordsOfFailure(code, language)?.todo
}

const isCure = (phrase: string): phrase is CurePhrase => Object.hasOwn(FOLDER_ENGLISH, phrase)
const isReason = (phrase: string): phrase is ReasonPhrase => Object.hasOwn(FOLDER_ENGLISH, phrase)
