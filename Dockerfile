# One image for every part: which one runs is told by the command (docker-compose.yml).

FROM node:24-bookworm-slim

RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir /dspex /home-of-dspex \
  && chown node:node /dspex /home-of-dspex

USER node
WORKDIR /dspex

# Packages first: they change less often than the sources.
COPY --chown=node:node package.json package-lock.json .npmrc ./
COPY --chown=node:node scripts/setup.mjs scripts/setup.mjs
COPY --chown=node:node scripts/setup scripts/setup
COPY --chown=node:node python-pools/requirements.txt python-pools/requirements-uv.txt python-pools/
RUN node scripts/setup.mjs --production

COPY --chown=node:node . .

ENV DSPEX_HOME=/home-of-dspex NODE_ENV=production
ENTRYPOINT ["node", "services/app/cli/bin.mjs"]
CMD ["--help"]
