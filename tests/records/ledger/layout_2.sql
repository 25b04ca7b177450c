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
CREATE TABLE attempts (
	case_id VARCHAR(200) NOT NULL, 
	number INTEGER NOT NULL, 
	attempt TEXT NOT NULL, 
	candidate TEXT, 
	PRIMARY KEY (case_id, number), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
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
INSERT INTO "budgets" VALUES('c',0,0,'spent','{"cpu_s":0.0,"qpu_s":0.0,"usd":1.0,"wall_s":0.0}','{"cpu_s":0.0,"qpu_s":0.0,"usd":0.5,"wall_s":0.0}','',1.79573805049463415149e+09);
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
INSERT INTO "cases" VALUES('c',1,'{"case_id":"c","environment":{},"instance":{},"instance_digest":"a05447c5b6502c5938db0f77f99354078bd88674bb56712709fd2cfdbcd56ac2","policy_digest":"1fb680aa1ed965bc09f024abd808fad41e7fa0bb2e1ec39e8f237d653d56b456","policy_name":"default","policy_text":"p","problem":{"budget":{"cpu_s":null,"qpu_s":null,"usd":null,"wall_s":null},"data_class":"identifiable","family":"toy","instance":{"name":"n"},"seed":0,"stage":"retrospective","target":{"at_least":1.0,"at_most":null,"confidence":0.95,"metric":"m"}},"problem_digest":"5f74252211e816c65109f3872ab789a8388309343fa1d8827e3e6525201eba51"}','held','2026-11-27T00:07:30.405598+00:00','2026-11-27T00:07:31.561333+00:00',NULL,NULL);
CREATE TABLE chain (
	only INTEGER NOT NULL, 
	layout INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (only)
);
INSERT INTO "chain" VALUES(1,2,9,'609ae37e41b1d0f9205a2a76698601f195acb52f21feb11b414e80da2fcf05fc');
CREATE TABLE decisions (
	case_id VARCHAR(200) NOT NULL, 
	number INTEGER NOT NULL, 
	decision TEXT NOT NULL, 
	PRIMARY KEY (case_id, number), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
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
INSERT INTO "events" VALUES(1,'2026-11-27T00:07:30.407068+00:00','c','case.opened','{"instance":"a05447c5b6502c5938db0f77f99354078bd88674bb56712709fd2cfdbcd56ac2","policy":"1fb680aa1ed965bc09f024abd808fad41e7fa0bb2e1ec39e8f237d653d56b456","problem":"5f74252211e816c65109f3872ab789a8388309343fa1d8827e3e6525201eba51","row":{"digest":"12a52721ef30552effa9b1cea46ef85ea4f3cb28321b75960cbaa65fbb04bb41","key":["c"],"table":"cases"}}','0000000000000000000000000000000000000000000000000000000000000000','d1965b244930e14a5b70af4a20f0a632ee605a81647033af45cdaa696c42609c');
INSERT INTO "events" VALUES(2,'2026-11-27T00:07:30.467008+00:00','c','work.wanted','{"attempt":0,"backend":"local","digest":"57aa0a3cccb8193cccde2957390afc2b4d8c30cfab0c62781a7876ecb491407f","ordinal":0,"row":{"digest":"ce074ec86995ec573c302b4047b112800c78df0039f789f4ff7dab68d894e4f3","key":["c",0,0],"table":"intents"}}','d1965b244930e14a5b70af4a20f0a632ee605a81647033af45cdaa696c42609c','ce1532ebafe9804dec34425b2de20d96ea8ac4bc870b8ddec4fa96a86a6e658d');
INSERT INTO "events" VALUES(3,'2026-11-27T00:07:30.508403+00:00','c','budget.reserved','{"attempt":0,"ordinal":0,"project":"","reserved":{"cpu_s":0.0,"qpu_s":0.0,"usd":1.0,"wall_s":0.0},"reserved_at":1795738050.4946342,"row":{"digest":"f8c543104be2fb9cb70fa2d3f1110847c5a73c295c7501b3de46b8343582d867","key":["c",0,0],"table":"budgets"},"spent":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0}}','ce1532ebafe9804dec34425b2de20d96ea8ac4bc870b8ddec4fa96a86a6e658d','324093535149f5a6a57c8edb63ba2bc29753f24658b7483ae70832d4231997c0');
INSERT INTO "events" VALUES(4,'2026-11-27T00:07:30.536513+00:00','c','work.submitted','{"attempt":0,"handle":{"pid":1},"ordinal":0,"row":{"digest":"01f5338e147666b09fb6f3629401dd659539690a9522f7f1b4896d0ffa8a3fd6","key":["c",0,0],"table":"intents"}}','324093535149f5a6a57c8edb63ba2bc29753f24658b7483ae70832d4231997c0','c65c1eb6ba38c8f6c1a40e2f493206cd6bd2ffa70f8536851fcedf961e06b537');
INSERT INTO "events" VALUES(5,'2026-11-27T00:07:30.568332+00:00','c','budget.spent','{"attempt":0,"ordinal":0,"reserved":{"cpu_s":0.0,"qpu_s":0.0,"usd":1.0,"wall_s":0.0},"row":{"digest":"6f44616cfeb64d30ea8f6a4faeba98f42684f59779cc93b954a99109d54ec376","key":["c",0,0],"table":"budgets"},"spent":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.5,"wall_s":0.0}}','c65c1eb6ba38c8f6c1a40e2f493206cd6bd2ffa70f8536851fcedf961e06b537','223ed59cc6a35e8bf5af82e6bfffb662c1dbeb112eff787efa6528c1a8254ed0');
INSERT INTO "events" VALUES(6,'2026-11-27T00:07:30.592481+00:00','c','work.settled','{"attempt":0,"ordinal":0,"result":"55b9dedbd9165a2132f970b0ed8431bde50501933bda549c296880810c5dfe0f","row":{"digest":"001f75260193ba4a3719577faad8a8e877c1f169b083e3058c99af74721da026","key":["c",0,0],"table":"intents"},"state":"done","usage":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0}}','223ed59cc6a35e8bf5af82e6bfffb662c1dbeb112eff787efa6528c1a8254ed0','512b71f7d2ea7ceb53ab570993380269d3c99e7fa8bf23ead448265ddc6b8dcc');
INSERT INTO "events" VALUES(7,'2026-11-27T00:07:30.613704+00:00','c','work.wanted','{"attempt":0,"backend":"local","digest":"a3c0864ecf533cee4caa214d187b65eff6ef63bbff4d5f35cde1feb922d9c3b4","ordinal":1,"row":{"digest":"c0391c6619578e17fed8cfac4905f0913a7bd225b43a549b0f72a43f0221a745","key":["c",0,1],"table":"intents"}}','512b71f7d2ea7ceb53ab570993380269d3c99e7fa8bf23ead448265ddc6b8dcc','928b182173ef56c70edb9de22e1488cd1f43e755790fb05df56aa980e8e800c2');
INSERT INTO "events" VALUES(8,'2026-11-27T00:07:30.646175+00:00','','limit.set','{"period":"day","project":"p","qpu_s":null,"row":{"digest":"b8a41aa6b9a61e91583d19c8c1439338233f8d443a6d02aa03648fb8422c93b9","key":["p","day"],"table":"limits"},"usd":9.0}','928b182173ef56c70edb9de22e1488cd1f43e755790fb05df56aa980e8e800c2','094dae1c80637132dfa8c79d25c05e1f5cdd3c19f066f966c73e1f4a59317a3b');
INSERT INTO "events" VALUES(9,'2026-11-27T00:07:31.563007+00:00','c','case.closed','{"row":{"digest":"6c26a551ac50467598e5e7ba232d9113fc4989128fc27f8e787a8cc4cfdaa367","key":["c"],"table":"cases"},"status":"held"}','094dae1c80637132dfa8c79d25c05e1f5cdd3c19f066f966c73e1f4a59317a3b','609ae37e41b1d0f9205a2a76698601f195acb52f21feb11b414e80da2fcf05fc');
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
CREATE TABLE intents (
	case_id VARCHAR(200) NOT NULL, 
	attempt INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	work TEXT NOT NULL, 
	backend VARCHAR(200) NOT NULL, 
	handle TEXT, 
	result TEXT, 
	PRIMARY KEY (case_id, attempt, ordinal), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
INSERT INTO "intents" VALUES('c',0,0,'settled','57aa0a3cccb8193cccde2957390afc2b4d8c30cfab0c62781a7876ecb491407f','{"function":"a:b","inputs":{},"kind":"local_call","params":{"x":1},"resources":{"memory_mb":2048,"ranks":1,"threads":1,"wall_s":3600.0}}','local','{"pid":1}','{"error":null,"evidence":{},"files":{},"provenance":{},"state":"done","usage":{"cpu_s":0.0,"qpu_s":0.0,"usd":0.0,"wall_s":0.0},"values":{"y":1}}');
INSERT INTO "intents" VALUES('c',0,1,'wanted','a3c0864ecf533cee4caa214d187b65eff6ef63bbff4d5f35cde1feb922d9c3b4','{"function":"a:b","inputs":{},"kind":"local_call","params":{"x":2},"resources":{"memory_mb":2048,"ranks":1,"threads":1,"wall_s":3600.0}}','local',NULL,NULL);
CREATE TABLE leases (
	case_id VARCHAR(200) NOT NULL, 
	token INTEGER NOT NULL, 
	held BOOLEAN NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	pid INTEGER NOT NULL, 
	started_s FLOAT NOT NULL, 
	beat_at FLOAT NOT NULL, 
	lease_s FLOAT NOT NULL, 
	PRIMARY KEY (case_id), 
	FOREIGN KEY(case_id) REFERENCES cases (case_id)
);
INSERT INTO "leases" VALUES('c',1,0,'host',1,1.0,1.0,30.0);
CREATE TABLE limits (
	project VARCHAR(200) NOT NULL, 
	period VARCHAR(20) NOT NULL, 
	usd FLOAT, 
	qpu_s FLOAT, 
	PRIMARY KEY (project, period)
);
INSERT INTO "limits" VALUES('p','day',9.0,NULL);
CREATE INDEX ix_events_case_id ON events (case_id);
CREATE INDEX budgets_by_time ON budgets (project, reserved_at);
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
COMMIT;
