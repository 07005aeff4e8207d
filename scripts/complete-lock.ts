// Makes a package-lock.json installable on every platform.
// A package with a native part lists one optional package a platform. npm leaves out of the lock those that the
// registry in use (often a mirror) does not carry, and `npm ci` then refuses the lock as incomplete. The missing
// entries follow from what the parent says: exact version, and the platform that stands in the name.

interface LockedPackage {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface PackageLock {
  packages: Record<string, LockedPackage>;
}

const operatingSystems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];

export function completeLock(lock: PackageLock): PackageLock {
  const packages = { ...lock.packages };
  for (const parent of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      packages[`node_modules/${name}`] ??= platformPackage(name, version, parent.dev === true);
    }
  }
  return { ...lock, packages: Object.fromEntries(Object.entries(packages).sort(byPath)) };
}

function platformPackage(name: string, version: string, dev: boolean): LockedPackage {
  if (!/^\d/.test(version)) throw new Error(`optional package "${name}" wants "${version}", not one version`);
  const words = name.split(/[-/]/);
  const os = operatingSystems.find((word) => words.includes(word));
  const cpu = processors.find((word) => words.includes(word));
  // "none" is no platform: a package for WebAssembly is a fallback that no supported platform needs.
  const musl = os === "linux" && words.some((word) => word.startsWith("musl"));
  // Members in npm's own order, so that a lock that npm rewrites shows no difference.
  return {
    version,
    cpu: [cpu ?? "none"],
    ...(dev ? { dev } : {}),
    ...(musl ? { libc: ["musl"] } : {}),
    optional: true,
    os: [os ?? "none"],
  };
}

function byPath([left]: [string, unknown], [right]: [string, unknown]): number {
  return left.localeCompare(right, "en");
}
