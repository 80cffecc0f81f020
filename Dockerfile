# docker build -t registry.example.com/muster:0.1.0 .
# Not run where muster is developed, which has no container engine; the tags move, so pin digests where you build.
FROM node:20-bookworm-slim AS build
WORKDIR /muster
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json build.mjs ./
COPY src ./src
RUN node build.mjs

# One bundled file is all that runs; no shell, no package manager, not root.
FROM gcr.io/distroless/nodejs20-debian12:nonroot
WORKDIR /muster
COPY --from=build /muster/dist ./dist
COPY LICENSE* ./
USER 65532:65532
EXPOSE 8888 9443
ENTRYPOINT ["/nodejs/bin/node", "/muster/dist/cli.js"]
CMD ["serve", "--live"]
