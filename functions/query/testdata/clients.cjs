// Calls the replica through the vendor's npm clients and prints what they
// return, one JSON object by name of the call:
//
//	node clients.cjs <directory with node_modules> <url> <id> <secret> <cluster>
'use strict';
const { createRequire } = require('node:module');

const [modules, url, id, secret, cluster] = process.argv.slice(2);
const load = createRequire(modules + '/');
const { RPCClient } = load('@alicloud/pop-core');
const openapi = load('@alicloud/openapi-client');
const util = load('@alicloud/tea-util');

const params = { RegionId: 'cn-shanghai', ClusterId: cluster };
const late = '/at/' + new Date(Date.now() + 10000).toISOString().replace(/\.[0-9]+/, '') + '/'; // after what was captured, and not yet a future that is refused

function rpc(path, method, key) {
  const client = new RPCClient({ endpoint: url + path, apiVersion: '2018-04-12', accessKeyId: id, accessKeySecret: key });
  return client.request('ListCommunityImages', params, { method });
}

async function acs3(pathname, method, key) {
  const [protocol, endpoint] = url.split('://');
  const client = new openapi.default(new openapi.Config({ accessKeyId: id, accessKeySecret: key, protocol, endpoint, regionId: 'cn-shanghai' }));
  const call = new openapi.Params({
    action: 'ListCommunityImages', version: '2018-04-12', protocol: protocol.toUpperCase(), pathname, method,
    authType: 'AK', style: 'RPC', reqBodyType: 'formData', bodyType: 'json',
  });
  const request = method === 'POST' ? { body: params } : { query: params };
  return (await client.callApi(call, new openapi.OpenApiRequest(request), new util.RuntimeOptions({}))).body;
}

const calls = {
  'pop-core GET': () => rpc('', 'GET', secret),
  'pop-core POST': () => rpc('', 'POST', secret),
  'pop-core frozen': () => rpc('/at/1', 'GET', secret),
  'pop-core frozen at a time': () => rpc(late, 'POST', secret),
  'pop-core wrong secret': () => rpc('', 'GET', 'x'),
  'openapi-client GET': () => acs3('/', 'GET', secret),
  'openapi-client POST': () => acs3('/', 'POST', secret),
  'openapi-client frozen': () => acs3('/at/1/', 'GET', secret),
  'openapi-client frozen at a time': () => acs3(late, 'POST', secret),
  'openapi-client wrong secret': () => acs3('/', 'GET', 'x'),
};

(async () => {
  const out = {};
  for (const [name, call] of Object.entries(calls)) {
    try {
      out[name] = await call();
    } catch (err) {
      out[name] = { Code: err.code || String(err), Message: err.message };
    }
  }
  process.stdout.write(JSON.stringify(out), () => process.exit(0)); // pop-core keeps its connections
})();
