import { afterEach, expect, test } from '@jest/globals'
import dimse from 'dcmjs-dimse'
import { prepareLibrary } from '../../src/dimse/dcmjs/library.ts'
import { LibraryAcceptor } from '../../src/dimse/dcmjs/library-acceptor.ts'
import { checkLibrary } from '../../src/dimse/dcmjs/library-check.ts'

const undo: (() => void)[] = []

afterEach(() => {
  for (const one of undo.splice(0)) one()
})

test('the installed dcmjs-dimse is the one that was examined, and does what we lean on', () => {
  expect(dimse.version).toBe('0.3.3')
  expect(() => checkLibrary()).not.toThrow()
})

test.each([
  ['sendAssociationAccept', dimse.Scp.prototype],
  ['sendAssociationReject', dimse.Scp.prototype],
  ['sendAssociationReleaseResponse', dimse.Scp.prototype],
  ['sendAssociationRequest', Object.getPrototypeOf(dimse.Scp.prototype) as object],
  ['_sendDimse', dimse.Scp.prototype],
  ['_processPdu', dimse.Scp.prototype],
  ['setMaxPduLength', dimse.association.Association.prototype],
  ['setProviderRole', dimse.association.PresentationContext.prototype],
  ['getImplementationClassUid', dimse.Implementation],
])('a library whose %s has changed is noticed', (name, owner) => {
  replace(owner, name, () => {})
  expect(() => checkLibrary()).toThrow(expect.objectContaining({ code: 'DIMSE_LIBRARY_CHANGED' }))
})

test('the library keeps no timer running and prints nothing', () => {
  prepareLibrary()
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const acceptor = new LibraryAcceptor()
  const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  expect(acceptor).toBeDefined()
  expect(after).toBe(before)
  expect(dimse.log.getLevel()).toBe(dimse.log.levels.SILENT)
})

/** Wherever along the prototypes the method is, the nearest place hides it until the test is over. */
function replace(owner: object, name: string, method: () => void): void {
  const own = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { value: method, configurable: true, writable: true })
  undo.push(() => {
    if (own === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, own)
  })
}
