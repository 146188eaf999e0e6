"""MQTT: the bridge between the line and its PLC."""
