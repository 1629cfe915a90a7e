# The build stage runs on the machine's own platform and cross-compiles, so
# that an image for another architecture needs no emulation. The digest is that of
# golang:1.26.8; Dependabot raises it.
FROM --platform=$BUILDPLATFORM golang:1.26@sha256:0f063af2d465d8dcae54cce04278ada488b96f77b42449c8d071e47d016cc65a AS build

WORKDIR /src

# Modules in a layer of their own: it changes only with go.mod and go.sum.
COPY go.mod go.sum ./
RUN go mod download

COPY . .

ARG TARGETOS
ARG TARGETARCH
ARG REVISION=unknown
ARG BRANCH=unknown
ARG BUILD_DATE=unknown
RUN GOOS="$TARGETOS" GOARCH="$TARGETARCH" sh .ci/build.sh /cbr_exporter \
    && bash .ci/licenses.sh /cbr_exporter >/THIRD_PARTY_LICENSES

# The binary is static and reads nothing of an operating system but the CA
# certificates, so there is nothing else in the image: no shell, no packages.
FROM scratch

ARG VERSION=unknown
ARG REVISION=unknown
ARG BUILD_DATE=unknown
LABEL org.opencontainers.image.title="cbr_exporter" \
      org.opencontainers.image.description="Prometheus exporter for Huawei Cloud Backup and Recovery (CBR)" \
      org.opencontainers.image.source="https://github.com/cbr-exporter/cbr_exporter" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$BUILD_DATE"

COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /cbr_exporter /bin/cbr_exporter
COPY --chmod=0644 LICENSE /LICENSE
COPY --from=build /THIRD_PARTY_LICENSES /THIRD_PARTY_LICENSES

# Not config.yml, which CMD reads: without a mount there, the program exits with an
# error instead of watching the project of the example.
COPY --chmod=0644 config.yml /etc/cbr_exporter/config.example.yml

# nobody, by number: Kubernetes' runAsNonRoot cannot resolve names.
USER 65534:65534
EXPOSE 10065
ENTRYPOINT ["/bin/cbr_exporter"]
CMD ["--config.file=/etc/cbr_exporter/config.yml"]
