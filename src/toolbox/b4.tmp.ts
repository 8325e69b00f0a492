import { loadConfiguration } from '/work/main/src/toolbox/config/index.ts';
import { buildSnapshot } from '/work/main/src/toolbox/build/index.ts';
import { sqliteSourceType } from '/work/main/src/toolbox/sources/sqlite/index.ts';
import { silentLogger, systemClock } from '#kernel';
const catalog=[sqliteSourceType] as never;
let y='kind: source\nname: s\ntype: sqlite\ndatabase: x.db\n';
const N=1000;
for(let i=0;i<N;i++) y+=`---\nkind: tool\nname: tool_${i}\ntype: sqlite-sql\nsource: s\ndescription: tool number ${i} finds things\nstatement: SELECT * FROM t WHERE a = ? AND b > ? LIMIT ?\nparameters:\n  - { name: city, type: string, description: a city, maxLength: 80 }\n  - { name: min, type: float, description: least, default: 0 }\n  - { name: limit, type: integer, description: most, default: 10, maxValue: 100 }\n`;
for (let r=0;r<1;r++){
let t=performance.now();
const l=loadConfiguration([{file:'a.yaml',directory:'/tmp',bytes:Buffer.from(y)}],{env:{},catalog});
const a=performance.now()-t; if(!l.ok) throw new Error(JSON.stringify(l.error.slice(0,3)));
t=performance.now();
const b=await buildSnapshot(l.value.configuration,{catalog,openEmbedder:()=>{throw 1},clock:systemClock,log:silentLogger});
console.log('load',a.toFixed(0),'build',(performance.now()-t).toFixed(0), b.ok);
}
