# The image of Chatelaine: the build, the packages that it runs on and the Node that the lockfile pins; no shell, no
# package manager, no user that may become another.
#
#   docker build --tag chatelaine .
#
# Both bases are arguments, so that a release names them by digest.
ARG BUILD_IMAGE=node:24-trixie-slim
ARG RUN_IMAGE=gcr.io/distroless/cc-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
# Packages first: they change less often than the sources.
COPY package.json package-lock.json .npmrc ./
COPY scripts/bootstrap.mjs scripts/
RUN node scripts/bootstrap.mjs development
COPY . .
RUN npm run --silent build
# What runs, and what it consists of. `npm sbom --omit dev` would leave out what runs too where a package of development
# asks for it.
RUN rm -rf node_modules && node scripts/bootstrap.mjs production \
  && npm pkg delete devDependencies \
  && npm sbom --sbom-format cyclonedx > sbom.cdx.json \
  && mkdir -p /image/app \
  && cp -a bin dist examples node_modules package.json LICENSE sbom.cdx.json /image/app/ \
  && mkdir -m 0700 /image/data \
  && chown 65532:65532 /image/data

FROM ${RUN_IMAGE}
LABEL org.opencontainers.image.title="Chatelaine" \
  org.opencontainers.image.description="The keeper of tools and keys for AI agents" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/ /
WORKDIR /data
USER 65532:65532
# As bin/chatelaine starts it, which needs a shell.
ENTRYPOINT ["/app/node_modules/node/bin/node", "--no-allocation-site-pretenuring", "--max-semi-space-size=12", "--min-semi-space-size=8", "--disable-warning=ExperimentalWarning", "/app/dist/main/command.js"]
CMD ["--help"]
