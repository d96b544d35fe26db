/** A processor architecture that Ferry is packaged for, by the name that each tool gives it. */
export interface Architecture {
  readonly deb: 'amd64' | 'arm64'
  readonly rpm: 'x86_64' | 'aarch64'
  /** The end of `node-linux-…` and `better-sqlite3/linux-…`. */
  readonly npm: 'x64' | 'arm64'
}

export const ARCHITECTURES: readonly Architecture[] = [
  { deb: 'amd64', rpm: 'x86_64', npm: 'x64' },
  { deb: 'arm64', rpm: 'aarch64', npm: 'arm64' },
]
