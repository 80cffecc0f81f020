# docker build -t registry.example.com/muster:0.1.0 .
# For several platforms: docker buildx build --platform linux/amd64,linux/arm64 .
# Not run where muster is developed, which has no container engine (its steps are, one by one). Tags move: a release is
# built with both images by digest, and says so (docs/release.md); RELEASE refuses any other.
ARG NODE=24
ARG BUILD_IMAGE=node:${NODE}-bookworm-slim
ARG RUN_IMAGE=gcr.io/distroless/nodejs${NODE}-debian12:nonroot

# The bundle is the same for every platform: it is built once, on that of the builder.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
ARG RELEASE
ARG BUILD_IMAGE
ARG RUN_IMAGE
RUN if [ -n "$RELEASE" ]; then for image in "$BUILD_IMAGE" "$RUN_IMAGE"; do \
      case "$image" in *@sha256:*) ;; *) echo "RELEASE needs a digest: '$image'" >&2; exit 1 ;; esac; done; fi
WORKDIR /muster
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress
COPY tsconfig.json build.mjs ./
COPY src ./src
# For `muster --version`.
ARG SOURCE_COMMIT
RUN SOURCE_COMMIT="$SOURCE_COMMIT" node build.mjs

# One bundled file is all that runs; no shell, no package manager, not root.
FROM ${RUN_IMAGE}
LABEL org.opencontainers.image.title="muster" \
      org.opencontainers.image.description="A batch-aware Kubernetes scheduler extender: whole gangs or nobody" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /muster
COPY --from=build /muster/dist ./dist
COPY LICENSE ./
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8888 8889 9443
ENTRYPOINT ["/nodejs/bin/node", "/muster/dist/cli.js"]
CMD ["serve", "--live"]
