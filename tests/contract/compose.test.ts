// docker-compose.yml has the form that Compose expects of what it uses, starts every part once, and names only files,
// volumes and services that are there. It is not run here: tests/e2e/compose.test.ts starts the same processes.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PART_NAMES } from "../../services/app/parts.ts";
import { readCompose } from "../kit/compose-file.ts";
import { ROOT, readPage } from "../kit/doc-blocks.ts";

const compose = readCompose();
const services = Object.entries(compose.services);

test("docker-compose.yml - starts every part once, each in a service of its own", () => {
  const parts = services.flatMap(([, { command = [] }]) => {
    const at = command.indexOf("--parts");
    return at < 0 ? [] : [command[at + 1]];
  });
  assert.deepEqual(parts.toSorted(), [...PART_NAMES].toSorted());
});

test("docker-compose.yml - names images by a version", () => {
  const loose = services.filter(([, { image }]) => !/^[\w./-]+:(?!latest$)[\w.-]+$/.test(image));
  assert.deepEqual(loose, []);
});

test("docker-compose.yml - waits for services that are there and can be waited for", () => {
  for (const [name, { depends_on: needed = {} }] of services) {
    for (const [other, { condition }] of Object.entries(needed)) {
      const service = compose.services[other];
      assert.ok(service !== undefined, `${name} waits for ${other}`);
      assert.equal(
        condition === "service_healthy",
        service.healthcheck !== undefined,
        `${name} waits for ${other}`,
      );
    }
  }
});

test("docker-compose.yml - mounts volumes that it declares and files that are there", () => {
  const missing = services.flatMap(([name, { volumes = [] }]) =>
    volumes.flatMap((volume) => {
      const [source = ""] = volume.split(":");
      const isThere = source.startsWith(".") ? existsSync(join(ROOT, source)) : source in compose.volumes;
      return isThere ? [] : [`${name}: ${source}`];
    }),
  );
  assert.deepEqual(missing, []);
});

test("docker-compose.yml - opens nothing beyond this machine", () => {
  const open = services.flatMap(([name, { ports = [] }]) =>
    ports.filter((port) => !port.startsWith("127.0.0.1:")).map((port) => `${name}: ${port}`),
  );
  assert.deepEqual(open, []);
});

test("Dockerfile - copies files that are there, and runs the command that the parts run", () => {
  const text = readPage("Dockerfile");
  const copied = [...text.matchAll(/^COPY (?:--\S+ )*(.+)$/gm)].flatMap(([, line = ""]) =>
    line.split(" ").slice(0, -1),
  );
  assert.ok(copied.length > 5);
  assert.deepEqual(
    copied.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
  for (const path of ["services/app/cli/bin.mjs", "scripts/nats-config.ts"])
    assert.ok(existsSync(join(ROOT, path)));
  assert.match(text, /^ENTRYPOINT \["node", "services\/app\/cli\/bin\.mjs"\]$/m);
});

test("Grafana's dashboard - asks data sources that are provisioned, for metrics of the exporter", () => {
  const dashboard = JSON.parse(readPage("observability/grafana/dashboards/dspex.json"));
  const sources = readPage("observability/grafana/provisioning/datasources/dspex.yml");
  for (const { title, targets } of dashboard.panels) {
    for (const { expr, datasource } of targets) {
      assert.ok(sources.includes(`uid: ${datasource.uid}\n`), title);
      assert.match(expr, /\b(jetstream_(stream|consumer)|gnatsd_varz)_\w+/, title);
    }
  }
});
