"""The commands: one file a group, one declaration a command. HTTP, MQTT, both published documents, the shell and the
page read what stands here.

    registry    what a command is, the types of its fields, how it is carried out
    the others  the commands themselves: a frozen model of the body with all its guards, and a handler

A new command is one more file here, or one more function in a file of its group.
"""
