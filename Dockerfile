# docker build -t registry.example.com/muster:0.1.0 .
# Not run where muster is developed, which has no container engine (its steps are, one by one). Tags move: where you build,
# pin both images by digest, FROM node:20-bookworm-slim@sha256:...
ARG NODE=20

FROM node:${NODE}-bookworm-slim AS build
WORKDIR /muster
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress
COPY tsconfig.json build.mjs ./
COPY src ./src
RUN node build.mjs

# One bundled file is all that runs; no shell, no package manager, not root.
FROM gcr.io/distroless/nodejs${NODE}-debian12:nonroot
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
