import type koffiModule from 'koffi'
import type { LibraryHandle } from 'koffi'
import { Failure } from '../failure.ts'

export type Koffi = typeof koffiModule

/** Loads koffi, which calls functions of Windows libraries. Throws USAGE on every other system. */
export async function loadKoffi(): Promise<Koffi> {
  if (process.platform !== 'win32')
    throw new Failure('USAGE', `calling Windows: this system is ${process.platform}, and Windows is expected`)
  const { default: koffi } = await import('koffi')
  return koffi
}

/** advapi32 has the functions of the service control manager and of the Event Log. */
export const advapi32 = (koffi: Koffi): LibraryHandle => koffi.load('advapi32.dll')
