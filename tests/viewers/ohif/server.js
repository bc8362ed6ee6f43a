// Serves a built OHIF viewer and, under /dicom-web, the Orthanc behind it: one origin, as OHIF's web workers want it.
'use strict';
const fs = require('fs'), http = require('http'), path = require('path');

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png', '.wasm': 'application/wasm',
  '.woff2': 'font/woff2' };

// What OHIF reads at its start. Without httpErrorHandler a failed request hides behind "handler is not a function".
const configuration = `window.config = {
  routerBasename: '/', extensions: [], modes: [], customizationService: {}, showStudyList: true,
  maxNumberOfWebWorkers: 2, showWarningMessageForCrossOrigin: false, showCPUFallbackMessage: false,
  strictZSpacingForVolumeViewport: true, investigationalUseDialog: { option: 'never' },
  httpErrorHandler: error => console.error('HTTP', error && error.status, error && error.responseURL),
  defaultDataSourceName: 'orthanc',
  dataSources: [{ namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'orthanc',
    configuration: { friendlyName: 'orthanc', name: 'orthanc', wadoUriRoot: '/dicom-web', qidoRoot: '/dicom-web',
      wadoRoot: '/dicom-web', qidoSupportsIncludeField: false, imageRendering: 'wadors', thumbnailRendering: 'wadors',
      enableStudyLazyLoad: true, supportsFuzzyMatching: false, supportsWildcard: true,
      omitQuotationForMultipartRequest: true, bulkDataURI: { enabled: true } } }] };`;

function forward(request, response, orthanc) {
  const target = new URL(request.url, orthanc);
  const headers = { host: request.headers.host };
  for (const name of ['accept', 'content-type', 'content-length'])
    if (request.headers[name]) headers[name] = request.headers[name];
  const upstream = http.request(target, { method: request.method, headers }, answer => {
    response.writeHead(answer.statusCode, { 'Content-Type': answer.headers['content-type'] || 'text/plain' });
    answer.pipe(response);
  });
  upstream.on('error', () => { response.writeHead(502); response.end(); });
  request.pipe(upstream);
}

function serveFile(request, response, dist) {
  const asked = path.normalize(decodeURIComponent(request.url.split('?')[0]));
  const file = path.join(dist, asked);
  // Every path that is no file is a page of the application.
  const shown = fs.existsSync(file) && fs.statSync(file).isFile() ? file : path.join(dist, 'index.html');
  response.writeHead(200, { 'Content-Type': types[path.extname(shown)] || 'application/octet-stream',
    'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' });
  if (path.basename(shown) === 'app-config.js') response.end(configuration);
  else fs.createReadStream(shown).pipe(response);
}

/** @return a promise of the server, listening on a free port of the loopback interface. */
exports.start = (dist, orthanc) => new Promise(resolve => {
  const server = http.createServer((request, response) =>
    request.url.startsWith('/dicom-web') ? forward(request, response, orthanc) : serveFile(request, response, dist));
  server.listen(0, '127.0.0.1', () => resolve(server));
});
