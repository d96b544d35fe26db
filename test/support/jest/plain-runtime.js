import { createRequire, enableCompileCache, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setJestGlobals } from './jest-globals.js'

const require = createRequire(import.meta.url)
const COMPILED = fileURLToPath(new URL('../../../node_modules/.cache/jest-compiled', import.meta.url))
const GLOBALS = new URL('jest-globals.js', import.meta.url).href
/** As Node has it; jest sets 100, and every error that is made would pay for it. */
const STACK_FRAMES = 10

enableCompileCache(COMPILED)
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals' ? { url: GLOBALS, shortCircuit: true } : next(specifier, context),
})

/**
 * Lets Node itself load the test files: without a virtual machine for each one, with types stripped by Node, and each module
 * is evaluated once in a worker instead of once for each file. Jest makes one runtime for each test file.
 */
export default class PlainRuntime {
  #setupFiles

  constructor({ setupFilesAfterEnv }) {
    this.#setupFiles = setupFilesAfterEnv
  }

  /** Loads jest's own runner again, so that it holds no tests and no listeners of the file before. */
  requireInternalModule(path) {
    delete require.cache[path]
    return require(path)
  }

  requireModule(path) {
    return require(path)
  }

  setGlobalsForRuntime(globals) {
    setJestGlobals(globals)
  }

  unstable_shouldLoadAsEsm() {
    return true
  }

  async unstable_importModule(path) {
    Error.stackTraceLimit = STACK_FRAMES
    // A setup file runs before each test file, so each time it must be another module.
    const again = this.#setupFiles.includes(path) ? `?${performance.now()}` : ''
    await import(`${pathToFileURL(path).href}${again}`)
  }

  getSourceMaps() {
    return new Map()
  }

  getAllCoverageInfoCopy() {
    return undefined
  }

  enterTestCode() {}
  leaveTestCode() {}
  teardown() {}
}
