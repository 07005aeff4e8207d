// uv does not read pip's settings: who has set a package index for pip and none for uv means it for both.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The environment that gives uv the indexes in `settings`, which is what `pip config list` writes. */
export function uvIndexes(settings, env) {
  if (Object.keys(env).some((name) => /^UV_((DEFAULT_|EXTRA_)?INDEX(_URL)?|CONFIG_FILE)$/.test(name)))
    return {};
  const folders = [
    env.XDG_CONFIG_HOME ?? join(homedir(), ".config"),
    env.XDG_CONFIG_DIRS ?? "/etc/xdg",
    "/etc",
  ];
  if (folders.some((folder) => existsSync(join(folder, "uv/uv.toml")))) return {};
  const index = setting(settings, "index-url");
  const extra = setting(settings, "extra-index-url");
  // pip looks at all indexes for the best version; the hashes in the requirements make that safe here.
  return {
    ...(index === undefined ? {} : { UV_DEFAULT_INDEX: index }),
    ...(extra === undefined ? {} : { UV_INDEX: extra, UV_INDEX_STRATEGY: "unsafe-best-match" }),
  };
}

// Lines like `global.index-url='https://…'`; of several the environment's counts most, then `install`, then `global`.
function setting(settings, name) {
  for (const section of [":env:", "install", "global"]) {
    const match = settings.match(new RegExp(`^${section}\\.${name}=(['"])(.*)\\1$`, "m"));
    if (match) return match[2].replace(/\\n/g, " ").trim();
  }
  return undefined;
}
