// Wires the gateway: the part of the API that takes requests in and gives results, streams, objects and events out.
// Stateless: run as many as wanted.

import { CHUNK_STREAM, VALUE_BUCKET } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { serve } from "../bus/micro-service.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { gatewayEndpoints } from "./endpoints.ts";
import { followLive } from "./follow-live.ts";
import { RequestLookup } from "./lookup.ts";
import { GatewayRequests } from "./requests.ts";
import { serveTools } from "./tools.ts";
import { UPLOAD_BOUNDS, Uploads } from "./uploads.ts";

export async function startGateway(settings: PartSettings): Promise<Part> {
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const reader = await LogReader.open(connection);
  const requests = new GatewayRequests(connection, appender);
  const source = `gateway/${settings.instance}`;
  const live = followLive(connection, reader, settings);
  const endpoints = gatewayEndpoints({
    connection,
    appender,
    reader,
    chunks: await LogReader.open(connection, CHUNK_STREAM),
    requests,
    lookup: new RequestLookup(connection, reader),
    live,
    uploads: new Uploads(await ObjectBucket.open(connection, appender, VALUE_BUCKET), UPLOAD_BOUNDS),
    source,
  });
  const description = "requests, results, streams, objects and events";
  const service = await serve(
    connection,
    { name: "dspex-gateway", version: VERSION, description },
    endpoints,
  );
  const tools = serveTools(connection, requests, reader);
  return {
    name: source,
    async stop() {
      tools.stop();
      await service.stop();
      await live.stop();
      requests.close();
      appender.close();
      await connection.drain();
    },
  };
}
