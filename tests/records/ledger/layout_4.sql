BEGIN TRANSACTION;
CREATE TABLE approvals (
	case_id VARCHAR(200) NOT NULL, 
	approval_id VARCHAR(80) NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	approval TEXT NOT NULL, 
	PRIMARY KEY (case_id, approval_id), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id), 
	UNIQUE (approval_id), 
	UNIQUE (number)
);
INSERT INTO "approvals" VALUES('c','q0',1,'used','{"answered_at":1002.0,"approval_id":"q0","asked_at":1000.0,"attempt":0,"by":"Ada","cap":{"cpu_s":0.0,"qpu_s":3.0,"usd":4.8,"wall_s":0.0},"case_id":"c","expires_at":1100.0,"known_as":"","ordinal":1,"policy":"17ad92e63c962393c0329c658937d16eccaea13036412a3d1d0a5b6b8f29d738","reason":"","shown":{"device":"model"},"state":"used","subject":"ed59a555f0a1fefb84bcc986dfe71f91d24c8fd683549364cca798f02c3682b8"}');
CREATE TABLE attempts (
	case_id VARCHAR(200) NOT NULL, 
	number INTEGER NOT NULL, 
	attempt TEXT NOT NULL, 
	candidate TEXT, 
	PRIMARY KEY (case_id, number), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
INSERT INTO "attempts" VALUES('c',0,'{"backend":"local","candidate":{},"certificate":{"alpha":null,"best_possible":null,"controls":[{"difference":0.125,"name":"rbf","p_value":0.75,"value":0.25}],"estimate":0.625,"evidence":{},"kind":"bound","reasons":[],"status":"CERTIFIED","tolerance":0.025,"value":0.5,"verifier":"v 1"},"cost":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0},"device_kind":"classical","error":null,"judged_at":null,"method":"m","number":0,"quote":{"circuits":0,"cpu_s":0.0,"expected_fidelity":null,"qpu_s":0.0,"qubits":0,"shots":0,"simulation_log2":null,"two_qubit_depth":0,"two_qubit_gates":0,"usd":0.0,"wall_s":9.0},"seed":7,"status":"certified","tier":"hpc","works":[]}','{"controls":{},"files":{},"notes":{},"values":{"y":1}}');
CREATE TABLE budgets (
	case_id VARCHAR(200) NOT NULL, 
	attempt INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	reserved TEXT NOT NULL, 
	spent TEXT NOT NULL, 
	project VARCHAR(200) NOT NULL, 
	reserved_at FLOAT NOT NULL, 
	PRIMARY KEY (case_id, attempt, ordinal), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
INSERT INTO "budgets" VALUES('c',0,0,'spent','{"cpu_s":0.0,"qpu_s":0.0,"usd":1.0,"wall_s":0.0}','{"cpu_s":0.0,"qpu_s":0.0,"usd":0.5,"wall_s":0.0}','',1.79575787607214856149e+09);
INSERT INTO "budgets" VALUES('c',0,1,'reserved','{"cpu_s":0.0,"qpu_s":3.0,"usd":4.8,"wall_s":0.0}','{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0}','p',1060.0);
INSERT INTO "budgets" VALUES('d',0,0,'reserved','{"cpu_s":0.0,"qpu_s":0.0,"usd":1.0,"wall_s":0.0}','{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0}','',1.79575787611771297454e+09);
CREATE TABLE cases (
	case_id VARCHAR(200) NOT NULL, 
	number INTEGER NOT NULL, 
	info TEXT NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	opened_at VARCHAR(40) NOT NULL, 
	closed_at VARCHAR(40), 
	mlflow_run_id VARCHAR(64), 
	outcome TEXT, 
	PRIMARY KEY (case_id), 
	UNIQUE (number)
);
INSERT INTO "cases" VALUES('c',1,'{"about":"t.csv: ill, 3 rows, 2 features","asked":"m at least 1","case_id":"c","environment":{"commit":"c0ffee","engine":"plain","lock":"10cc"},"instance":{"rows":3},"instance_digest":"bd1496cecb90d7d9c17ba0ad061874d9d371fa3b5b70673f55b0a2b01ea0f22d","policy_digest":"17ad92e63c962393c0329c658937d16eccaea13036412a3d1d0a5b6b8f29d738","policy_name":"default","policy_text":"name: default\n","problem":{"budget":{"cpu_s":null,"qpu_s":null,"usd":null,"wall_s":null},"data_class":"identifiable","family":"toy","instance":{"name":"n"},"seed":0,"stage":"retrospective","target":{"at_least":1.0,"at_most":null,"confidence":0.95,"metric":"m"}},"problem_digest":"5f74252211e816c65109f3872ab789a8388309343fa1d8827e3e6525201eba51"}','running','2026-11-27T05:37:56.059605+00:00',NULL,'run',NULL);
INSERT INTO "cases" VALUES('d',2,'{"about":"t.csv: ill, 3 rows, 2 features","asked":"m at least 1","case_id":"d","environment":{"commit":"c0ffee","engine":"plain","lock":"10cc"},"instance":{"rows":3},"instance_digest":"bd1496cecb90d7d9c17ba0ad061874d9d371fa3b5b70673f55b0a2b01ea0f22d","policy_digest":"17ad92e63c962393c0329c658937d16eccaea13036412a3d1d0a5b6b8f29d738","policy_name":"default","policy_text":"name: default\n","problem":{"budget":{"cpu_s":null,"qpu_s":null,"usd":null,"wall_s":null},"data_class":"identifiable","family":"toy","instance":{"name":"n"},"seed":0,"stage":"retrospective","target":{"at_least":1.0,"at_most":null,"confidence":0.95,"metric":"m"}},"problem_digest":"5f74252211e816c65109f3872ab789a8388309343fa1d8827e3e6525201eba51"}','running','2026-11-27T05:37:56.116004+00:00',NULL,NULL,NULL);
CREATE TABLE chain (
	only INTEGER NOT NULL, 
	layout INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (only)
);
INSERT INTO "chain" VALUES(1,4,23,'897d1ceb4c55501460fd903762d14b9978352f8c7add8eea7dc0b3a4dd264584');
CREATE TABLE decisions (
	case_id VARCHAR(200) NOT NULL, 
	number INTEGER NOT NULL, 
	decision TEXT NOT NULL, 
	PRIMARY KEY (case_id, number), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
INSERT INTO "decisions" VALUES('c',0,'{"action":"attempt","alternatives":[],"asks":[],"backend":null,"because":"it is next","closed":[],"facts":[],"facts_hash":"","method":null,"nearest_flip":null,"number":0,"open_tiers":[],"policy_hash":"","propensity":1.0,"quote":null,"rule":"order","tier":"hpc","waived":[]}');
CREATE TABLE events (
	number INTEGER NOT NULL, 
	at VARCHAR(40) NOT NULL, 
	case_id VARCHAR(200) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	body TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "events" VALUES(1,'2026-11-27T05:37:56.061892+00:00','c','case.opened','{"instance":"bd1496cecb90d7d9c17ba0ad061874d9d371fa3b5b70673f55b0a2b01ea0f22d","policy":"17ad92e63c962393c0329c658937d16eccaea13036412a3d1d0a5b6b8f29d738","problem":"5f74252211e816c65109f3872ab789a8388309343fa1d8827e3e6525201eba51","row":{"digest":"6bcdf2a98e3e0e412744927a75707fddf01b1400cd0571321f7382082942049f","key":["c"],"table":"cases"}}','0000000000000000000000000000000000000000000000000000000000000000','765d617fbe02d173a452b71d349aae66eb8251a0c1316f6565faaeaa51d42881');
INSERT INTO "events" VALUES(2,'2026-11-27T05:37:56.067473+00:00','c','decision.added','{"action":"attempt","digest":"e2c03d722897f77830b401873e05e6d157f83c38e22ab5fff57132b71369e687","number":0,"row":{"digest":"0bef95e28645c4e116b4272a40605db5ad89d4b8d6236f285ac56654aabb605e","key":["c",0],"table":"decisions"},"rule":"order"}','765d617fbe02d173a452b71d349aae66eb8251a0c1316f6565faaeaa51d42881','5bdd7ce4b487536bbcfa8f5a77a1e531a7f67396691e47c883d36ec55783fa0c');
INSERT INTO "events" VALUES(3,'2026-11-27T05:37:56.070599+00:00','c','work.wanted','{"attempt":0,"backend":"local","digest":"57aa0a3cccb8193cccde2957390afc2b4d8c30cfab0c62781a7876ecb491407f","ordinal":0,"row":{"digest":"650033b4d69ed3fda49536cd0da71eab3b5ff15aa29844be7bed6e676676bf01","key":["c",0,0],"table":"intents"}}','5bdd7ce4b487536bbcfa8f5a77a1e531a7f67396691e47c883d36ec55783fa0c','439c910f4aaf0a14e81f5c74b1d6472df6859b310e12ac3339261330a7f8c8eb');
INSERT INTO "events" VALUES(4,'2026-11-27T05:37:56.072887+00:00','c','budget.reserved','{"attempt":0,"ordinal":0,"project":"","reserved":{"cpu_s":0.0,"qpu_s":0.0,"usd":1.0,"wall_s":0.0},"reserved_at":1795757876.0721486,"row":{"digest":"7d58a6d8fdb27dbd3233d6464e5fa4376ee1ed23bdbf2da23c2b28253a32d0e2","key":["c",0,0],"table":"budgets"},"spent":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0}}','439c910f4aaf0a14e81f5c74b1d6472df6859b310e12ac3339261330a7f8c8eb','5a7db5d47fa2ffb1bf395f34e054bae46e69e656402db11f204206b968934c90');
INSERT INTO "events" VALUES(5,'2026-11-27T05:37:56.074016+00:00','c','work.submitted','{"attempt":0,"handle":{"pid":1},"ordinal":0,"row":{"digest":"62b3a83e86dcfafad97a43a097f55abb804ea7c7d47ae96e394f4428ed3ffadc","key":["c",0,0],"table":"intents"}}','5a7db5d47fa2ffb1bf395f34e054bae46e69e656402db11f204206b968934c90','01abddd56289cf1defd3a68345aafa6fce2cf7fb2e5c8451f69aa5c2a30a73fe');
INSERT INTO "events" VALUES(6,'2026-11-27T05:37:56.075347+00:00','c','budget.spent','{"attempt":0,"ordinal":0,"reserved":{"cpu_s":0.0,"qpu_s":0.0,"usd":1.0,"wall_s":0.0},"row":{"digest":"b8647aaf4606f5ed58656d25723c8b0cd0f7dbfede25b01e3828821d76a4bbac","key":["c",0,0],"table":"budgets"},"spent":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.5,"wall_s":0.0}}','01abddd56289cf1defd3a68345aafa6fce2cf7fb2e5c8451f69aa5c2a30a73fe','f0c1580d497898d800f7a3f15cb522e7982d9db5bdb8132e4322912f477c5fb6');
INSERT INTO "events" VALUES(7,'2026-11-27T05:37:56.076433+00:00','c','work.settled','{"attempt":0,"ordinal":0,"result":"55b9dedbd9165a2132f970b0ed8431bde50501933bda549c296880810c5dfe0f","row":{"digest":"9d86536fc5ee6e890216e05c8b99dc047f3c8bc75a3150f993dbc2eaeaee45af","key":["c",0,0],"table":"intents"},"state":"done","usage":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0}}','f0c1580d497898d800f7a3f15cb522e7982d9db5bdb8132e4322912f477c5fb6','83543c87da6b2fa38ddbd61601d1c3ee2bb11f811c23dc09fe08b1d773f15af6');
INSERT INTO "events" VALUES(8,'2026-11-27T05:37:56.078554+00:00','c','attempt.added','{"candidate":"94fe75132e1c6bafafac7a833f3d265bd99d1e9f05db3cc9d6b6ec8c1094e099","digest":"4aed6d404f1932579759809a32a899c5eeb1b7cbc44544a3e0a6d6005043df3e","number":0,"row":{"digest":"5e6d277dc934cd6759ba609f500fc5fe95b0cb6896401fb66b118268bd393808","key":["c",0],"table":"attempts"},"status":"certified"}','83543c87da6b2fa38ddbd61601d1c3ee2bb11f811c23dc09fe08b1d773f15af6','b71f44878913afc7e7e55b31b45746a8a4f5f29bfff9e68019abd8fdd0f203b8');
INSERT INTO "events" VALUES(9,'2026-11-27T05:37:56.080042+00:00','c','case.run_linked','{"mlflow_run_id":"run","row":{"digest":"339285b1ca7cf567499a775570d02ae207f7dcb8a98f359ebf36fe79bccc3c0d","key":["c"],"table":"cases"}}','b71f44878913afc7e7e55b31b45746a8a4f5f29bfff9e68019abd8fdd0f203b8','4a29053fad2663998cdda389e6a4d7e70a66cb2b65affbc511a6cdebc29eaa11');
INSERT INTO "events" VALUES(10,'2026-11-27T05:37:56.080959+00:00','c','case.closed','{"row":{"digest":"af0f0cf548c8f2ea85e13aae04ad338f1c8164ed62e2ff1741bd0358f79a0ed8","key":["c"],"table":"cases"},"status":"held"}','4a29053fad2663998cdda389e6a4d7e70a66cb2b65affbc511a6cdebc29eaa11','95b6e99fcc025a96af76b6db95ccb116c139952273d77d157abbad632e930565');
INSERT INTO "events" VALUES(11,'2026-11-27T05:37:56.083623+00:00','c','case.resumed','{"environment":{"commit":"c0ffee","engine":"plain","lock":"10cc"},"row":{"digest":"339285b1ca7cf567499a775570d02ae207f7dcb8a98f359ebf36fe79bccc3c0d","key":["c"],"table":"cases"},"token":2,"was":"held"}','95b6e99fcc025a96af76b6db95ccb116c139952273d77d157abbad632e930565','dabe57728e62d643b4a69dbf21b5234f8921da09f1de193eb135656a7da1d35a');
INSERT INTO "events" VALUES(12,'2026-11-27T05:37:56.085653+00:00','','limit.set','{"period":"day","project":"p","qpu_s":null,"row":{"digest":"397654728ecad7dc69821b471369beb0b8c601501943dbcd60f1b96c1f8f020c","key":["p","day"],"table":"limits"},"usd":9.0}','dabe57728e62d643b4a69dbf21b5234f8921da09f1de193eb135656a7da1d35a','689470e176f67684b535cdd504a2445ed2507a85eb40249791307cd75a5e8093');
INSERT INTO "events" VALUES(13,'2026-11-27T05:37:56.087775+00:00','c','handoff.wanted','{"attempt":0,"backend":"model","ordinal":1,"row":{"digest":"7f4f1a904c99dae06519ed4e6e29aa21c93597d37e91c2422a74d8fd40e7bde5","key":["c",0,1],"table":"handoffs"},"tag":"tierwise-6a606709c21d8eb41c53fb18","work":"dd3e8955d3a5ffeb7a7d3db22f06e294f71f57f1b717e9ae0ac76566e1a317da"}','689470e176f67684b535cdd504a2445ed2507a85eb40249791307cd75a5e8093','6948933dbd145d6ec0f3620331d7aa53982cb2f658fce4b0c2210ca5d7f834a8');
INSERT INTO "events" VALUES(14,'2026-11-27T05:37:56.089096+00:00','c','handoff.moved','{"attempt":0,"by":"driver","changed":{"payload":"ed59a555f0a1fefb84bcc986dfe71f91d24c8fd683549364cca798f02c3682b8","price":{"cap_qpu_s":3.0,"cap_usd":4.8,"qpu_s":1.5,"queue_s":null,"usd":2.4},"state":"frozen"},"from":"wanted","ordinal":1,"row":{"digest":"0136e1202172c63d2f8e9f098c3a29b16e20c7e92798711d43f0bfcb26d3203f","key":["c",0,1],"table":"handoffs"}}','6948933dbd145d6ec0f3620331d7aa53982cb2f658fce4b0c2210ca5d7f834a8','b6b95e1e35add9c5f9d1d7440f1a9b44862628b0855c0c2c0af014c124dce1a7');
INSERT INTO "events" VALUES(15,'2026-11-27T05:37:56.106710+00:00','c','approval.asked','{"approval_id":"q0","asked_at":1000.0,"attempt":0,"cap":{"cpu_s":0.0,"qpu_s":3.0,"usd":4.8,"wall_s":0.0},"case_id":"c","expires_at":1100.0,"ordinal":1,"policy":"17ad92e63c962393c0329c658937d16eccaea13036412a3d1d0a5b6b8f29d738","row":{"digest":"505465ad249b5b887972b292bdb973f0c344efcc84873acc323ba3684c1222e1","key":["c","q0"],"table":"approvals"},"shown":{"device":"model"},"subject":"ed59a555f0a1fefb84bcc986dfe71f91d24c8fd683549364cca798f02c3682b8"}','b6b95e1e35add9c5f9d1d7440f1a9b44862628b0855c0c2c0af014c124dce1a7','b656d33d01e15d6d69a4dfbe3aa3663253f18e87796a89f6c61a590a6f245161');
INSERT INTO "events" VALUES(16,'2026-11-27T05:37:56.107931+00:00','c','handoff.moved','{"attempt":0,"by":"driver","changed":{"since":1001.0,"state":"asked"},"from":"frozen","ordinal":1,"row":{"digest":"a9746b2b9d5fa6a4ddd861409b605282053061ef16d7daa71d80fbbbdc1262a1","key":["c",0,1],"table":"handoffs"}}','b656d33d01e15d6d69a4dfbe3aa3663253f18e87796a89f6c61a590a6f245161','b054d5534e523ec9f5188e236f02b60c91c26b4ec7ac6918799fc01265eb6204');
INSERT INTO "events" VALUES(17,'2026-11-27T05:37:56.109207+00:00','c','approval.granted','{"answered_at":1002.0,"approval_id":"q0","attempt":0,"by":"Ada","known_as":"","ordinal":1,"reason":"","row":{"digest":"46f103b5ba9f89ad52e854d22d9935d2eba1ff8f812d6e3b6bd2aefe3ebbed27","key":["c","q0"],"table":"approvals"},"state":"granted"}','b054d5534e523ec9f5188e236f02b60c91c26b4ec7ac6918799fc01265eb6204','3879f2c92affcdbc760591da159dcd9913c42b451f62886cf4e8fb01396763ba');
INSERT INTO "events" VALUES(18,'2026-11-27T05:37:56.113893+00:00','c','approval.used','{"answered_at":1002.0,"approval_id":"q0","attempt":0,"by":"Ada","known_as":"","ordinal":1,"reason":"","row":{"digest":"ebbda4b5637e3170d834e5fcea9cda9e46d72d46244dc4165bfe087bbe92329a","key":["c","q0"],"table":"approvals"},"state":"used"}','3879f2c92affcdbc760591da159dcd9913c42b451f62886cf4e8fb01396763ba','991222c76af4bd11a39a8c5f9b0a4177065e3a5c9c15cf0b6d1604eb8a6d60d6');
INSERT INTO "events" VALUES(19,'2026-11-27T05:37:56.114466+00:00','c','budget.reserved','{"attempt":0,"ordinal":1,"project":"p","reserved":{"cpu_s":0.0,"qpu_s":3.0,"usd":4.8,"wall_s":0.0},"reserved_at":1060.0,"row":{"digest":"3aed7f8b4a5562de2353a769de71646f8a539bd15d9f05a499bf44300f64179c","key":["c",0,1],"table":"budgets"},"spent":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0}}','991222c76af4bd11a39a8c5f9b0a4177065e3a5c9c15cf0b6d1604eb8a6d60d6','d44a5a7957e807139da7f7f8d531ec36c308419acb69e621e243f38755fec88a');
INSERT INTO "events" VALUES(20,'2026-11-27T05:37:56.115103+00:00','c','handoff.moved','{"attempt":0,"by":"driver","changed":{"since":1060.0,"state":"authorised"},"from":"asked","ordinal":1,"row":{"digest":"a5c503e3edc2e090fb1c65f1b0053241c8313fa04f20c048ed89105c680d7341","key":["c",0,1],"table":"handoffs"}}','d44a5a7957e807139da7f7f8d531ec36c308419acb69e621e243f38755fec88a','c3a07a674c5416551a3d38404ad0eedd3f939a5f0d1d6c629d6cd4bc75b28c41');
INSERT INTO "events" VALUES(21,'2026-11-27T05:37:56.116331+00:00','d','case.opened','{"instance":"bd1496cecb90d7d9c17ba0ad061874d9d371fa3b5b70673f55b0a2b01ea0f22d","policy":"17ad92e63c962393c0329c658937d16eccaea13036412a3d1d0a5b6b8f29d738","problem":"5f74252211e816c65109f3872ab789a8388309343fa1d8827e3e6525201eba51","row":{"digest":"e423592f9db213215698079b030cb48e3c0ec732e9b293bfe18148d8b5074980","key":["d"],"table":"cases"}}','c3a07a674c5416551a3d38404ad0eedd3f939a5f0d1d6c629d6cd4bc75b28c41','ef1c16236195938a24d4a3accc324111401f9e7b06ee3aa02563fa412896dbdb');
INSERT INTO "events" VALUES(22,'2026-11-27T05:37:56.118120+00:00','d','budget.reserved','{"attempt":0,"ordinal":0,"project":"","reserved":{"cpu_s":0.0,"qpu_s":0.0,"usd":1.0,"wall_s":0.0},"reserved_at":1795757876.117713,"row":{"digest":"9ffccc8a6de75b045876606e2d94cf340c7d18e138d9dccf839af9f03ad6dd69","key":["d",0,0],"table":"budgets"},"spent":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0}}','ef1c16236195938a24d4a3accc324111401f9e7b06ee3aa02563fa412896dbdb','e762cbaba9b9b00c0d005145f214f64683f5f796c6f2596363271382fa3e5f87');
INSERT INTO "events" VALUES(23,'2026-11-27T05:37:56.118452+00:00','device/aer','calibration.kept','{"calibrated_at":null,"calibration":"0000000000000000000000000000000000000000000000000000000000000000","device":"aer"}','e762cbaba9b9b00c0d005145f214f64683f5f796c6f2596363271382fa3e5f87','897d1ceb4c55501460fd903762d14b9978352f8c7add8eea7dc0b3a4dd264584');
CREATE TABLE handoffs (
	case_id VARCHAR(200) NOT NULL, 
	attempt INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	tag VARCHAR(86) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	handoff TEXT NOT NULL, 
	PRIMARY KEY (case_id, attempt, ordinal), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id), 
	UNIQUE (number), 
	UNIQUE (tag)
);
INSERT INTO "handoffs" VALUES('c',0,1,1,'tierwise-6a606709c21d8eb41c53fb18','authorised','{"astray":[],"attempt":0,"backend":"model","calibrations":{},"cancel_wanted":false,"case_id":"c","closed":[],"declined":false,"entered":[],"exactly_once":"fence","fence_closed_at":null,"fences":[],"first_post":[],"frozen":{},"held":[],"held_s":0.0,"incidents":[],"job":null,"job_id":null,"opened":1000.0,"ordinal":1,"payload":"ed59a555f0a1fefb84bcc986dfe71f91d24c8fd683549364cca798f02c3682b8","price":{"cap_qpu_s":3.0,"cap_usd":4.8,"qpu_s":1.5,"queue_s":null,"usd":2.4},"raw":null,"reason":"","round":0,"sends":0,"sent_at":null,"since":1060.0,"state":"authorised","tag":"tierwise-6a606709c21d8eb41c53fb18","usage_qpu_s":null,"work":"dd3e8955d3a5ffeb7a7d3db22f06e294f71f57f1b717e9ae0ac76566e1a317da"}');
CREATE TABLE intents (
	case_id VARCHAR(200) NOT NULL, 
	attempt INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	work TEXT NOT NULL, 
	backend VARCHAR(200) NOT NULL, 
	handle TEXT, 
	lost TEXT NOT NULL, 
	result TEXT, 
	PRIMARY KEY (case_id, attempt, ordinal), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
INSERT INTO "intents" VALUES('c',0,0,'settled','57aa0a3cccb8193cccde2957390afc2b4d8c30cfab0c62781a7876ecb491407f','{"function":"a:b","inputs":{},"kind":"local_call","params":{"x":1},"resources":{"memory_mb":2048,"ranks":1,"threads":1,"wall_s":3600.0}}','local','{"pid":1}','[]','{"error":null,"evidence":{},"files":{},"lost":[],"provenance":{},"state":"done","usage":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0},"values":{"y":1}}');
CREATE TABLE leases (
	case_id VARCHAR(200) NOT NULL, 
	token INTEGER NOT NULL, 
	held BOOLEAN NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	boot VARCHAR(80) NOT NULL, 
	namespace BIGINT NOT NULL, 
	pid INTEGER NOT NULL, 
	started BIGINT NOT NULL, 
	beat_boot_s FLOAT NOT NULL, 
	beat_at FLOAT NOT NULL, 
	lease_s FLOAT NOT NULL, 
	elapsed TEXT, 
	PRIMARY KEY (case_id), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
INSERT INTO "leases" VALUES('c',2,0,'one','00000000-0000-4000-8000-000000000000/4026531834',4026531836,21420,2466457,24666.274853364,1.79575787611035323138e+09,30.0,NULL);
INSERT INTO "leases" VALUES('d',1,0,'one','00000000-0000-4000-8000-000000000000/4026531834',4026531836,21420,2466457,24666.28199748,1.79575787611749482152e+09,30.0,NULL);
CREATE TABLE limits (
	project VARCHAR(200) NOT NULL, 
	period VARCHAR(20) NOT NULL, 
	caps TEXT NOT NULL, 
	PRIMARY KEY (project, period)
);
INSERT INTO "limits" VALUES('p','day','{"qpu_s":null,"usd":9.0}');
CREATE INDEX ix_events_case_id ON events (case_id);
CREATE INDEX budgets_by_time ON budgets (project, reserved_at);
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
COMMIT;
