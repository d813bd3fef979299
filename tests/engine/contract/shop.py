"""A small contract with one of everything."""

from typing import Any

SHOP: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://api.example.com/v2"}],
    "security": [{"key": []}],
    "paths": {
        "/tasks": {
            "get": {
                "operationId": "listTasks",
                "tags": ["tasks"],
                "x-evidence": "documented",
                "parameters": [
                    {"$ref": "#/components/parameters/page"},
                    {"name": "size", "in": "query", "schema": {"type": "number"}},
                    {"name": "open", "in": "query", "schema": {"type": "boolean"}},
                    {
                        "name": "state",
                        "in": "query",
                        "schema": {"type": "array", "items": {"enum": ["new", "done"]}},
                    },
                    {
                        "name": "ids",
                        "in": "query",
                        "explode": False,
                        "schema": {"type": "array", "items": {"type": "integer"}},
                    },
                    {
                        "name": "filter",
                        "in": "query",
                        "style": "deepObject",
                        "schema": {
                            "type": "object",
                            "properties": {"min": {"type": "integer"}},
                            "additionalProperties": False,
                        },
                    },
                    {"name": "since", "in": "query", "schema": {"format": "date-time"}},
                    {"name": "X-Version", "in": "header", "schema": {"type": "integer"}},
                    {"name": "lang", "in": "cookie", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "description": "Tasks",
                        "headers": {"X-Total": {"required": True, "schema": {"type": "integer"}}},
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "array",
                                    "items": {"$ref": "#/components/schemas/Task"},
                                }
                            }
                        },
                    },
                    "4XX": {"$ref": "#/components/responses/Problem"},
                },
            },
            "post": {
                "operationId": "createTask",
                "security": [],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Task"}},
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "required": ["file"],
                                "properties": {
                                    "file": {"type": "string", "format": "binary"},
                                    "count": {"type": "integer"},
                                    "tags": {"type": "array", "items": {"type": "string"}},
                                },
                            }
                        },
                    },
                },
                "responses": {"201": {"description": "Made"}, "default": {"description": "No"}},
            },
        },
        "/tasks/{task_id}.json": {
            "parameters": [
                {"name": "task_id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "get": {"operationId": "getTask", "responses": {"200": {"description": "Task"}}},
            "delete": {"operationId": "deleteTask", "responses": {"204": {"description": "Gone"}}},
        },
        "/tasks/delivered.json": {
            "get": {"operationId": "listDelivered", "responses": {"200": {"description": "Some"}}},
        },
    },
    "x-controls": {
        "/tasks/{id}/finish": {
            "post": {
                "operationId": "finishTask",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"204": {"description": "Finished"}},
            }
        }
    },
    "webhooks": {
        "task.done": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Task"}}
                    }
                },
                "responses": {"200": {"description": "Thanks"}},
            }
        }
    },
    "components": {
        "parameters": {
            "page": {
                "name": "page",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "default": 1},
            }
        },
        "responses": {
            "Problem": {
                "description": "Refused",
                "content": {
                    "application/problem+json": {
                        "schema": {
                            "type": "object",
                            "required": ["title"],
                            "properties": {"title": {"type": "string"}},
                        }
                    }
                },
            }
        },
        "schemas": {
            "Task": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 20},
                    "url": {"type": "string", "format": "uri"},
                    "due": {"type": ["string", "null"], "format": "date-time"},
                    "price": {"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Task"}},
                    "source": {"$ref": "#/components/schemas/Source"},
                },
            },
            "Source": {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["kind", "id"],
                        "properties": {"kind": {"const": "file"}, "id": {"type": "integer"}},
                    },
                    {
                        "type": "object",
                        "required": ["kind", "url"],
                        "properties": {
                            "kind": {"const": "link"},
                            "url": {"type": "string", "format": "uri"},
                        },
                    },
                ]
            },
        },
    },
}
